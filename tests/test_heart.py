"""The heartbeat of a work loop, seen from another process's side."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stream.heart import Heart, clear, last_beat
from tests.line import ROOT
from tests.test_line_disk import fill, small_disk


def test_a_beat_says_how_many_and_when(tmp_path: Path) -> None:
    heart = Heart(tmp_path / "record.heart")
    before = time.monotonic_ns()
    assert heart.beat()
    heart.alive()
    beats, mono_ns = last_beat(tmp_path / "record.heart")
    assert beats == 2
    assert before <= mono_ns <= time.monotonic_ns()
    heart.close()
    heart.close()


@pytest.mark.parametrize("left", [None, b"", b"\x01\x02"], ids=["no-file", "empty", "cut-off"])
def test_before_the_first_beat_there_is_none(tmp_path: Path, left: bytes | None) -> None:
    path = tmp_path / "record.heart"
    if left is not None:
        path.write_bytes(left)
    assert last_beat(path) == (0, 0)


def test_a_cleared_heart_tells_nothing_of_the_process_before(tmp_path: Path) -> None:
    path = tmp_path / "record.heart"
    Heart(path).beat()
    clear(path)
    clear(path)
    assert last_beat(path) == (0, 0)


BEATING = """
import sys
from pathlib import Path
from stream.heart import Heart, HeartError, clear

clear(Path(sys.argv[1]))
try:
    print(Heart(Path(sys.argv[1])).beat())
except HeartError as error:
    print(error)
"""


def beat_of_its_own(path: Path) -> str:
    """What a process says that clears this heart and beats; a SIGBUS would be its end."""
    words = [sys.executable, "-c", BEATING, str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, f"it ended with {done.returncode}: {done.stderr}"
    return done.stdout.strip()


def test_where_memory_is_full_a_role_that_died_beats_again_and_a_new_one_says_what_is_missing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "memory", 1) as folder:
        assert beat_of_its_own(folder / "record.heart") == "True"
        clear(folder / "record.heart")
        fill(folder)
        assert last_beat(folder / "record.heart") == (0, 0)
        assert beat_of_its_own(folder / "record.heart") == "True"
        assert last_beat(folder / "record.heart")[0] == 1
        for _ in range(2):  # what the first leaves must not look like room
            said = beat_of_its_own(folder / "new.heart")
            assert "no room for a heart" in said and str(folder / "new.heart") in said and "make room" in said
        with (folder / "sparse.heart").open("wb") as file:
            file.truncate(64)
        assert "no room for a heart" in beat_of_its_own(folder / "sparse.heart")


def test_a_role_alone_has_a_heart_that_nobody_watches() -> None:
    heart = Heart(None)
    assert heart.beat()
    heart.stop()
    assert heart.stopping
    assert not heart.beat()


SIGNALLED = """
import signal, sys
from stream.heart import Heart, stopping_on_signals

number, supervised = int(sys.argv[1]), sys.argv[2] == "True"
before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
heart = Heart(None)
with stopping_on_signals(heart, supervised=supervised):
    signal.raise_signal(number)
    goes_on = heart.beat()
assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
print("goes on" if goes_on else "stops")
"""


@pytest.mark.parametrize(
    ("number", "supervised", "said"),
    [
        (signal.SIGTERM, False, "stops"),
        (signal.SIGTERM, True, "stops"),
        (signal.SIGINT, False, "stops"),
        (signal.SIGINT, True, "goes on"),
    ],
)
def test_a_signal_asks_the_role_to_stop_unless_the_supervisor_decides(
    number: signal.Signals, supervised: bool, said: str
) -> None:
    """In a process of its own, as a role is: in the tests' own, libraries of other tests have their say in signals."""
    words = [sys.executable, "-c", SIGNALLED, str(int(number)), str(supervised)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, said), done.stderr
