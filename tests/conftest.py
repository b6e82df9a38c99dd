"""What every test gets: a private runtime folder, a look at what it left behind, and its place in the run."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from stream.places import SHM, Places, places_for
from tests.holdings import holdings
from tests.last_words import (  # noqa: F401
    pytest_sessionfinish,
    pytest_sessionstart,
    pytest_terminal_summary,
    pytest_testnodedown,
)

# The machine is shared: a slow example is no failure. CI runs the same examples each time, so that what it refuses
# can be repeated; a desk draws new ones, and `HYPOTHESIS_PROFILE=shake` many of them.
settings.register_profile("line", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("shake", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "line"))
# These need the processors to themselves: `make test` runs them one after the other, once all others have run, three at
# a time (most of those wait for something else than a processor).
ALONE = frozenset({"service", "soak", "standby"})
# These load libraries of camera makers into the tests' own process. They catch its signals (pylon: SIGALRM, by which a
# test that hangs is ended) and can take it down: each file gets a process in which nothing else is tested.
MAKERS = frozenset({"aravis", "basler", "genicam"})
# The longest of the others: begun first, so that no worker is left with one of them at the end.
LONG = (
    *("reference", "train", "line", "notebook", "line_disk", "fuzz", "demo", "fit", "remote_line", "power_cut"),
    *(
        "soak_check",
        "promote_line",
        "rtsp_line",
        "watch_line",
        "loss_line",
        "recipe_line",
        "bad_input",
        "commands",
        "display",
        "admission",
    ),
    *("review_page", "challenge_line", "clips_line", "users_line", "api_line", "camera_page", "desktop"),
)
# Threads of torch that wait for each other would spin, and on processors that others use for ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
LEAVE_S = 60.0  # time for what was told to end to be gone; waited for only where something is left


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for the tests stays: looked through again and again it costs each worker many seconds."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(module_of(item)) if module_of(item) in LONG else len(LONG))
    for item in items:
        if module_of(item) in MAKERS:
            item.add_marker("makers")
        elif module_of(item) not in ALONE:
            item.add_marker("beside_others")


def module_of(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


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


@pytest.fixture(autouse=True)
def the_umask_stays() -> Iterator[None]:
    """A command that is run in this process closes what it makes to others; the next test begins as every process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def runtime_folders_go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end: the runtime folders of the lines whose data_dir lay in the tests' own folders."""
    yield
    base = tmp_path_factory.getbasetemp()
    for folder in (f for depth in ("*", "*/*", "*/*/*") for f in base.glob(depth)):
        for data_dir in (folder, folder / "data") if folder.is_dir() else ():  # a line that is refused makes none
            shutil.rmtree(places_for(data_dir).folder)
