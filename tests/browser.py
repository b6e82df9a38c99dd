"""The headless Chromium of tools/chromium.py for tests.

with browser(tmp_path) as chromium:
    page = chromium.open("http://127.0.0.1:8080/")
    page.until("document.title === 'GOOD · Linewatch'")
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.needs import need
from tools.chromium import Browser, Page, launched
from tools.chromium import chromium_path as found_chromium

__all__ = ["Browser", "Page", "browser", "chromium_path"]


def chromium_path() -> str:
    """Where Chromium is. Skips the test where it is not installed; fails it in CI, which must have it."""
    found = found_chromium()
    need(found, "chromium is not installed: see tests/debian-packages.txt")
    assert found is not None
    return found


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium with a profile of its own in `folder`; gone with all its processes afterwards."""
    with launched(chromium_path(), folder) as opened:
        yield opened
