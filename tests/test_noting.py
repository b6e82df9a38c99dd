"""What is done at the page and what the recorder says of it: over real sockets, into a real log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from stream.links import Links
from stream.messages import Act, Noted, Review
from stream.noting import Noting
from stream.places import Places
from stream.recorder import Recorder
from stream.settings import CameraSettings, LineSettings
from tests.frames import RUN, judged
from tests.line import DEADLINE_S, ROOT, rows

ACTS = "SELECT id, who, kind, subject, old, new FROM acts WHERE role <> 'system' ORDER BY number"


def act(name: str, kind: str = "acknowledge", subject: str = "the disk is full", new: str = "") -> Act:
    return Act(name, 1_700_000_000_000_000_000, "Jürgen", "operator", kind, subject, new=new)


def review(name: str, seq: int, verdict: str = "defect", comment: str = "") -> Act:
    said = msgspec.json.encode(Review(verdict, comment)).decode()
    return act(name, "review", f"belt/{RUN}/{seq}", said)


@contextlib.contextmanager
def recording(data_dir: Path, places: Places) -> Iterator[Recorder]:
    links = Links()
    recorder = Recorder(LineSettings((CameraSettings("belt", "belt.mp4"),), data_dir), places, links, "s")
    try:
        yield recorder
    finally:
        recorder.close()
        links.close()


@contextlib.asynccontextmanager
async def noting(places: Places, recorder: Recorder | None) -> AsyncIterator[Noting]:
    """The page's side; the recorder takes its turns in the same loop."""
    links, opened = Links(), Noting()

    async def turns() -> None:
        while recorder is not None:
            recorder.step(0)
            await asyncio.sleep(0.001)

    opened.open(links, places)
    turning = asyncio.create_task(turns())
    try:
        yield opened
    finally:
        turning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await turning
        opened.close()
        links.close()


def noted(data_dir: Path, places: Places, *acts: Act) -> list[Noted | None]:
    """Said one after the other, to a recorder that has recorded frame 3 as BAD."""

    async def say(recorder: Recorder) -> list[Noted | None]:
        async with noting(places, recorder) as opened:
            return [await opened.note(one) for one in acts]

    with recording(data_dir, places) as recorder:
        recorder._books.judged(judged(3, "BAD"))
        return asyncio.run(say(recorder))


def test_an_act_is_answered_once_it_is_on_disk(tmp_path: Path, places: Places) -> None:
    (answer,) = noted(tmp_path, places, act("a"))
    assert answer == Noted("a", True, "on record")
    assert rows(tmp_path, ACTS) == [("a", "Jürgen", "acknowledge", "the disk is full", "", "")]


def test_an_act_that_is_said_again_is_there_once(tmp_path: Path, places: Places) -> None:
    answers = noted(tmp_path, places, act("a"), act("a"), act("a", subject="another"))
    assert [answer and answer.ok for answer in answers] == [True, True, False]
    assert len(rows(tmp_path, ACTS)) == 1


def test_a_review_is_the_incidents_and_the_newest_counts(tmp_path: Path, places: Places) -> None:
    said = noted(tmp_path, places, review("a", 3), review("b", 3, "false_alarm", "a hair"))
    assert [answer and answer.ok for answer in said] == [True, True]
    asked = "SELECT review, reviewed_by, comment FROM incidents"
    assert rows(tmp_path, asked) == [("false_alarm", "Jürgen", "a hair")]
    assert [row[4] for row in rows(tmp_path, ACTS)] == ["", "defect"], "what it was before"
    assert rows(tmp_path, "SELECT number FROM reviews") == rows(
        tmp_path, "SELECT number FROM acts WHERE kind='review' ORDER BY number"
    )


def test_a_pin_is_set_and_let_go(tmp_path: Path, places: Places) -> None:
    pins = [act(name, "pin", f"belt/{RUN}/3", new) for name, new in (("a", "1"), ("b", "0"), ("c", "1"))]
    assert all(answer and answer.ok for answer in noted(tmp_path, places, *pins))
    assert rows(tmp_path, "SELECT pinned FROM incidents") == [(1,)]
    assert [(row[4], row[5]) for row in rows(tmp_path, ACTS)] == [("0", "1"), ("1", "0"), ("0", "1")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (review("a", 99), "no incident and no sample holds the frame"),
        (review("a", 3, "clean"), "is of an incident: defect, false_alarm, unsure, withdrawn; got clean"),
        (act("a", "review", f"belt/{RUN}/3", "{"), "new: not a review"),
        (act("a", "pin", "belt/../3", "1"), "subject: a frame as CAMERA/RUN/SEQ"),
        (act("a", "pin", f"belt/{2**64}/3", "1"), "subject: a frame as CAMERA/RUN/SEQ"),
        (act("a", "pin", f"belt/{RUN}/3", "2"), "new: 1 to pin, 0 to let go"),
        (act("a", "known_bad", f"belt/{RUN}/3", "yes"), "new: 1 for a known-bad part, 0 for none, got yes"),
        (act("a", "known_bad", "belt", "0"), "subject: a frame as CAMERA/RUN/SEQ, got belt"),
        (act("a", "sing"), "kind: unknown, got sing; known here: acknowledge"),
        (act("a", subject="x" * 2000), "subject: 2000 characters; 1024 is the most"),
        (act("a", subject="\ud800"), "characters that cannot be written down"),
        (act(""), "id: empty"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path: Path, places: Places, wrong: Act, words: str) -> None:
    (answer,) = noted(tmp_path, places, wrong)
    assert answer is not None and not answer.ok
    assert words in answer.text
    assert rows(tmp_path, ACTS) == [] and rows(tmp_path, "SELECT review FROM incidents") in ([], [("",)])


def test_without_a_recorder_there_is_no_answer(tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.noting.ANSWER_S", 0.02)

    async def say() -> Noted | None:
        async with noting(places, None) as opened:
            return await opened.note(act("a"))

    assert asyncio.run(say()) is None


# --- a recorder that is killed ---------------------------------------------------------------------------------------

RECORDER = """
import os, signal, sys
from pathlib import Path
from stream.defect_log import DefectLog
from stream.links import Links
from stream.places import Places
from stream.recorder import Recorder
from stream.settings import CameraSettings, LineSettings

data_dir, places, dies = Path(sys.argv[1]), Places(Path(sys.argv[2])), sys.argv[3]
write = DefectLog.write

def deadly(self, batch):
    if batch.acts and dies == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, batch)
    if batch.acts and dies == "after":
        os.kill(os.getpid(), signal.SIGKILL)

DefectLog.write = deadly
recorder = Recorder(LineSettings((CameraSettings("belt", "belt.mp4"),), data_dir), places, Links(), "s")
while True:
    recorder.step(0.01)
"""


@pytest.mark.parametrize("dies", ["before", "after"])
def test_an_act_outlives_a_recorder_that_is_killed_over_it(
    tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """Before its commit, and between the commit and the answer: the page says it again, and it is there once."""
    monkeypatch.setattr("stream.noting.ANSWER_S", DEADLINE_S)

    async def started(dies: str) -> asyncio.subprocess.Process:
        words = ("-c", RECORDER, str(tmp_path), str(places.folder), dies)
        return await asyncio.create_subprocess_exec(sys.executable, *words, env=os.environ | {"PYTHONPATH": str(ROOT)})

    async def say() -> Noted | None:
        async with noting(places, None) as opened:
            first = await started(dies)
            waiting = asyncio.create_task(opened.note(act("a")))
            assert await first.wait() == -signal.SIGKILL
            assert not waiting.done()
            second = await started("never")
            try:
                return await waiting
            finally:
                second.kill()
                await second.wait()

    assert asyncio.run(say()) == Noted("a", True, "on record")
    assert [row[0] for row in rows(tmp_path, ACTS)] == ["a"]
    assert rows(tmp_path, "SELECT acts FROM chain WHERE acts > 0") == [(1,)]
