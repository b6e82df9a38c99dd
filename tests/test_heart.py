"""The heartbeat of a work loop, seen from another process's side."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from stream.heart import Heart, clear, last_beat, stopping_on_signals


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


def test_a_role_alone_has_a_heart_that_nobody_watches() -> None:
    heart = Heart(None)
    assert heart.beat()
    heart.stop()
    assert heart.stopping
    assert not heart.beat()


@pytest.mark.parametrize(
    ("number", "supervised", "stops"),
    [
        (signal.SIGTERM, False, True),
        (signal.SIGTERM, True, True),
        (signal.SIGINT, False, True),
        (signal.SIGINT, True, False),
    ],
)
def test_a_signal_asks_the_role_to_stop_unless_the_supervisor_decides(
    number: signal.Signals, supervised: bool, stops: bool
) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    heart = Heart(None)
    with stopping_on_signals(heart, supervised=supervised):
        os.kill(os.getpid(), number)
        assert heart.beat() != stops
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
