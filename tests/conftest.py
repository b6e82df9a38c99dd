"""What every test gets: a private runtime folder, and a look afterwards for what the test left behind."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from stream.places import SHM, Places, places_for
from tests.holdings import holdings

# The machine is shared: a slow example is no failure. CI runs the same examples each time, so that what it refuses
# can be repeated; a desk draws new ones, and `HYPOTHESIS_PROFILE=shake` many of them.
settings.register_profile("line", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("shake", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "line"))
LEAVE_S = 3.0  # time for what was told to end to be gone


@pytest.fixture
def places() -> Iterator[Places]:
    """A runtime folder of the test's own, short enough for a socket's address, in memory as a line's is."""
    folder = Path(tempfile.mkdtemp(prefix="lw-", dir=SHM))
    yield Places(folder)
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """A child process, a thread or a socket that outlives its test fails it."""
    before = holdings()
    yield
    until = time.monotonic() + LEAVE_S
    while (left := holdings() - before) and time.monotonic() < until:
        gc.collect()
        time.sleep(0.02)
    assert not left, f"left behind by the test: {', '.join(sorted(left))}"


@pytest.fixture(scope="session", autouse=True)
def runtime_folders_go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end: the runtime folders of the lines whose data_dir lay in the tests' own folders."""
    yield
    base = tmp_path_factory.getbasetemp()
    for folder in (f for depth in ("*", "*/*", "*/*/*") for f in base.glob(depth)):
        if folder.is_dir():
            shutil.rmtree(places_for(folder).folder)
