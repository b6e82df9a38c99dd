"""The sockets of a running line under fire: it must refuse, count, go on, and keep account of every frame as before.

What the line has on record of its recording afterwards is compared with what another line has that nobody fired at.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stream.asking import ask
from stream.lending import LEASE_WATCHED_S
from stream.places import places_for

from .fuzz_case import Order, Result
from .fuzz_doors import CAMERA, DOORS, Door, Draw, forged, refused, wild
from .fuzz_fired import FPS, FiredLine, UnwellError, faults_in, rows, running, wait_for, write_line, write_recording
from .fuzz_mutation import draw
from .fuzz_zmtp import Stranger

LEAST_S, MOST_S = 2.0, 60.0  # of the recording; the fire may last longer, the other camera is endless
COUNT_S = 90.0  # after the last message: for its count to be on record
AT_ONCE = 200  # messages between two looks at the clock
WILD_SHARE = 1000  # messages for each connection that speaks no protocol
ON_RECORD = {
    "runs": "SELECT captured, lost, expired, ended, note, digest FROM runs WHERE camera = 'belt'",
    "ledger": "SELECT start, stop, outcome FROM ledger WHERE camera = 'belt' ORDER BY start",
    "verdicts": "SELECT seq, state, score, reason, defects, mask_sha256, evidence IS NULL FROM verdicts"
    " WHERE camera = 'belt' ORDER BY seq",
    "evidence": "SELECT count(*) FROM verdicts WHERE evidence IS NOT NULL",
    "others": "SELECT DISTINCT camera FROM runs WHERE camera NOT IN ('belt', 'other')",
    "events": "SELECT kind, text FROM events WHERE camera = 'belt' AND kind != 'garbage'",
}
REAL_RUNS = """SELECT camera, run, captured FROM runs
 WHERE camera = 'belt' AND source LIKE '%belt.mp4' OR camera = 'other' AND source LIKE 'synthetic%'"""
COUNTED = {
    "control": "SELECT text FROM events WHERE kind = 'garbage' AND camera = '' AND text LIKE '%supervisor%'",
    "record": "SELECT text FROM events WHERE kind = 'garbage' AND camera = '' AND text NOT LIKE '%supervisor%'",
    f"capture-{CAMERA}": "SELECT text FROM events WHERE kind = 'garbage' AND camera = 'belt'",
}


def fuzz_line(order: Order, doors: tuple[Door, ...] = DOORS) -> Result:
    """Messages that each door must refuse: none may change anything but the count of garbage."""
    result = Result("line")
    with _lines(order, result, compare=True) as (quiet, line):
        for door in doors:
            sent, seconds = _fire(order, line, door, refused)
            result.cases, result.seconds = result.cases + sent, result.seconds + seconds
            result.refused += (counted := _counted(line, door, sent))
            if counted != sent:
                result.found("lost", f"{door.name}: {sent} messages were sent, {counted} are on record as garbage")
            _go_wild(line, door, order, sent)
        _ends_well(line, result)
        _compare(quiet, line.data_dir, result)
    return result


def fuzz_forged(order: Order, doors: tuple[Door, ...] = DOORS) -> Result:
    """Well-formed messages with absurd values, as only a process of the same user could send: no role may die."""
    result = Result("line-forged")
    with _lines(order, result, compare=False) as (_, line):
        for door in doors:
            sent, seconds = _fire(order, line, door, forged)
            result.cases, result.seconds, result.read = (
                result.cases + sent,
                result.seconds + seconds,
                result.read + sent,
            )
        _ends_well(line, result)
    return result


@contextlib.contextmanager
def _lines(order: Order, result: Result, *, compare: bool) -> Iterator[tuple[Path, FiredLine]]:
    """What a line left that was not fired at (where that is to be compared), and one to fire at that runs."""
    folder = Path(tempfile.mkdtemp(prefix="linewatch-fuzz-"))
    frames = round(FPS * max(LEAST_S, min(MOST_S, order.seconds or MOST_S, (order.count or 100_000) / 1000)))
    recording = write_recording(folder / "belt.mp4", frames)
    folders = [folder / name for name in ("quiet", "fired")]
    for one in folders:
        one.mkdir()
    try:
        if compare:
            with running(write_line(folders[0], recording, pace="fast", live=False)) as line:
                wait_for(lambda: line.process.poll() is not None, "the end of the quiet line")
        with running(write_line(folders[1], recording, pace="recorded", live=True)) as line:
            wait_for(lambda: len(line.rows("SELECT DISTINCT camera FROM ledger")) == 2, "the first frames of both")
            before = line.roles()
            try:
                yield folders[0] / "data", line
            except (UnwellError, OSError) as error:
                result.found("crash", str(error))
            if line.process.poll() is None and (after := line.roles()) != before:
                result.found("crash", f"the processes were {before} before, {after} after")
            if line.process.poll() is None:
                line.stop()
            for fault in faults_in(line.words):
                result.found("crash", fault)
    finally:
        for one in folders:
            shutil.rmtree(places_for(one / "data").folder, ignore_errors=True)
        shutil.rmtree(folder)


def _fire(order: Order, line: FiredLine, door: Door, made: Draw) -> tuple[int, float]:
    """How many messages were sent, and in how many seconds."""
    began_s, sent = time.monotonic(), 0
    chance = draw(made.__name__, door.name, order.seed)
    share = Order(order.seed, order.count, None if order.seconds is None else order.seconds / len(DOORS), order.out)
    with Stranger(line.socket(door.name)) as stranger:
        while not share.over(sent, began_s):
            burst = min(AT_ONCE, (order.count or AT_ONCE + sent) - sent)
            if not stranger.send(b"".join(made(chance, door) for _ in range(burst))):
                raise UnwellError(f"{door.name} has hung up on whole messages, after {sent}")
            stranger.hear()
            sent += burst
    return sent, time.monotonic() - began_s


def _go_wild(line: FiredLine, door: Door, order: Order, sent: int) -> None:
    """Connections that speak no protocol, or break it; being cut off is what they are for."""
    chance = draw("wild", door.name, order.seed)
    for greets in (False, True) * (sent // WILD_SHARE + 1):
        with (
            contextlib.suppress(ConnectionError, TimeoutError),
            Stranger(line.socket(door.name), b"wild", greets=greets) as stranger,
        ):
            stranger.send(wild(chance))


def _counted(line: FiredLine, door: Door, sent: int) -> int:
    """How many the line has on record as garbage, once it is as many or no more come."""

    def told() -> int:
        return max((int(text.split()[0]) for (text,) in line.rows(COUNTED[door.name])), default=0)

    with contextlib.suppress(UnwellError):
        wait_for(lambda: told() >= sent, "the count", COUNT_S)
    return told()


def _ends_well(line: FiredLine, result: Result) -> None:
    """The recording comes to its end, the supervisor still answers, every frame is accounted for."""
    wait_for(lambda: line.rows("SELECT 1 FROM runs WHERE camera = 'belt' AND ended"), "the end of the recording")
    with contextlib.suppress(UnwellError):  # what is missing then is told below
        wait_for(lambda: not _missing(line, CAMERA), "frames that a false inspector took", LEASE_WATCHED_S + COUNT_S)
    answer = ask(line.places, "status", 10.0)
    if answer is None or not answer.ok:
        result.found("crash", f"the supervisor answered {answer}")
    elif answer.house is not None and any(role.restarts for role in answer.house.roles):
        result.found("crash", f"roles were started again: {answer.house}")
    line.stop()
    for said in _missing(line):
        result.found("lost", said)


def _missing(line: FiredLine, *cameras: str) -> list[str]:
    """The real runs, of these cameras or of all, whose ledger has not each frame; whatever else was forged."""
    said = []
    for camera, run, captured in line.rows(REAL_RUNS):
        spans = line.rows("SELECT start, stop FROM ledger WHERE camera = ? AND run = ? ORDER BY start", camera, run)
        whole = sum(stop - start for start, stop in spans) == captured and (not spans or spans[-1][1] == captured)
        if not whole and (not cameras or camera in cameras):
            said.append(f"{camera}/{run}: {captured} frames were captured, the ledger has {spans}")
    return said


def _compare(quiet: Path, fired: Path, result: Result) -> None:
    for name, query in ON_RECORD.items():
        expected, got = rows(quiet, query), rows(fired, query)
        if expected != got:
            result.found("accepted", f"{name}: without fire {str(expected)[:800]}, under fire {str(got)[:800]}")
