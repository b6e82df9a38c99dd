"""What a test needs of the machine: skipped with its reason where it is absent, except in CI, which must have it."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import pytest


def need(condition: object, reason: str) -> None:
    """Skips the test where the condition does not hold; with CI=true in the environment, fails it.

    need(shutil.which("chromium"), "chromium is not installed: see tests/debian-packages.txt")
    """
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI must have it)")
    pytest.skip(reason)


def torch_or_skip(what: str) -> Any:
    """torch, for tests of what needs it; its packages come with `make setup-torch`, which CI runs."""
    packages = ("torch", "timm", "segmentation_models_pytorch", "onnxscript")
    there = all(importlib.util.find_spec(package) for package in packages)
    need(there, f"{what} needs requirements-torch.txt: make setup-torch")
    return importlib.import_module("torch")
