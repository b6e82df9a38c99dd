"""What a test needs of the machine: skipped with its reason where it is absent, except in CI, which must have it."""

from __future__ import annotations

import os

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
