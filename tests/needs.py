"""What a test needs and may lack: skipped with its reason on a desk, a failure in CI."""

from __future__ import annotations

import os

import pytest


def need(there: object, reason: str) -> None:
    """Skips the test where something it needs is not there; under CI=true that fails it."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"needed in CI: {reason}")
    pytest.skip(reason)
