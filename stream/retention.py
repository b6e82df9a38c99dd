"""Retention in the recorder: a gentle thread deletes now and then, the next commit says what is gone.

Nothing waits for it: verdicts are taken and written meanwhile. Knows the books and the thread; what goes is decided in
retention_turn.py.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from stream.bookkeeping import Bookkeeping
from stream.gentle import be_gentle
from stream.log_batch import Batch
from stream.log_error import LOG_ERRORS
from stream.messages import Act
from stream.retention_intent import act_id
from stream.retention_named import Named
from stream.retention_plan import KINDS
from stream.retention_turn import MOST, UNREPORTED_TURNS, EndedError, Swept, Turns
from stream.settings import LineSettings

log = logging.getLogger("linewatch")
EVERY_S = 60.0
FIRST_S = 5.0  # after the start, when others have much to do
SOON_S = 0.5  # where more must go than one turn takes
STEPS, REST_S = 64, 0.002  # so many steps of a turn, then a rest
WHO = "retention"


class Retention:
    """Deletes by age and by room; `alarms` says where a budget cannot be kept, or the disk lets something not go."""

    def __init__(self, line: LineSettings, books: Bookkeeping) -> None:
        self._books = books
        self._named = Named()
        self._turns = Turns(line, self._rest, self._named.frames)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="retention", initializer=be_gentle)
        self._ending = threading.Event()
        self._steps = 0
        self._due_s = _awake_or_not_s() + FIRST_S
        self._future: Future[list[Swept]] | None = None
        self._alarms: dict[str, str] = {}
        self._said = ""

    @property
    def alarms(self) -> tuple[str, ...]:
        return tuple(self._alarms[kind] for kind in KINDS if kind in self._alarms)

    def step(self) -> None:
        """Begins a turn where one is due; what one did goes into the next commit."""
        now_s = time.monotonic()
        self._named.hear(self._books.staged.batch, now_s)
        if self._future is None:
            if _awake_or_not_s() >= self._due_s and not self._ending.is_set() and not self._unreported():
                self._named.forget(self._books.staged.batch, now_s)
                self._future = self._thread.submit(self._turns.turn, self._pause)
            return
        if not self._future.done():
            return
        future, self._future = self._future, None
        self._due_s = _awake_or_not_s() + EVERY_S
        error = future.exception()
        if error is None:
            self._swept(future.result())
        elif isinstance(error, LOG_ERRORS):
            if (said := str(error)) != self._said:
                log.warning("retention: nothing is deleted just now: %s", said)
            self._said = said
        else:
            raise error

    def busy(self) -> bool:
        """Asked when the recorder ends: whether a turn is under way, which stops counting and is to be reported."""
        self._ending.set()
        return self._future is not None

    def close(self) -> None:
        self._ending.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _pause(self) -> None:
        if self._ending.is_set():
            raise EndedError
        self._rest()

    def _rest(self) -> None:
        self._steps += 1
        if self._steps % STEPS == 0:
            self._ending.wait(REST_S)

    def _unreported(self) -> bool:
        """Whether the disk takes no record of what the last turns deleted."""
        acts = self._books.staged.batch.acts.values()
        return sum(act.who == WHO for act in acts) >= UNREPORTED_TURNS * len(KINDS)

    def _swept(self, done: list[Swept]) -> None:
        batch = self._books.staged.batch
        now_ns = time.time_ns()
        self._alarms = {one.kind: one.alarm for one in done if one.alarm}
        for one in done:
            stage(batch, one)
            if one.pieces:
                act = act_of(one, now_ns)
                batch.acts.setdefault(act.id, act)
            if len(one.pieces) >= MOST:
                self._due_s = _awake_or_not_s() + SOON_S


def _awake_or_not_s() -> float:
    """Seconds that count a computer's sleep, too, as the pieces' ages do: what a night made old goes in the morning."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e9


def stage(batch: Batch, swept: Swept) -> None:
    """What the log says of pieces that are gone."""
    frames = [(piece.camera, piece.run, piece.number) for piece in swept.pieces]
    if swept.kind == "evidence":
        batch.moved_evidence += frames
    elif swept.kind == "samples":
        batch.gone_samples += frames


def act_of(swept: Swept, now_ns: int) -> Act:
    """What goes on record of it; of the same pieces always the same act, so that it is on record once."""
    times = [piece.utc_ns for piece in swept.pieces]
    what = {"count": len(swept.pieces), "bytes": swept.bytes, "from_utc_ns": min(times), "to_utc_ns": max(times)}
    new = msgspec.json.encode(what).decode()
    return Act(
        act_id(swept.pieces),
        now_ns,
        WHO,
        "system",
        "delete",
        swept.kind,
        "",
        new,
    )
