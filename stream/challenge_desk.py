"""The recorder's side of challenges: begins those that are due, has pictures judged, puts on record what came of each.

An outcome is staged in the turn that brings the verdict, so both enter the log in one transaction. Knows the books, the
log and how to speak to a capture; no socket, no picture. What came of a challenge is decided in challenge_verdicts.py.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import tzinfo

import msgspec

from stream.bookkeeping import Bookkeeping
from stream.challenge import (
    AGAIN_S,
    KIND,
    NEXT_WITHIN_MAX_S,
    REFUSED,
    SECOND_NS,
    UNDECIDED,
    Begun,
    Outcome,
    Wish,
    next_too_long,
    outcome_act,
)
from stream.challenge_book import ChallengeBook
from stream.challenge_due import Due
from stream.challenge_log import acknowledged, acts_of
from stream.challenge_stored import Stored
from stream.challenge_verdicts import Found, late, of_incident, of_part
from stream.log_reading import reading
from stream.messages import Act, Challenge, ChallengeStatus, Event, Judged
from stream.run_book import RunBook
from stream.settings import LineSettings

log = logging.getLogger("linewatch")
LOOK_EVERY_S = 0.25
ASK_EVERY_S = 1.0  # a capture is asked again for a picture of which nothing was heard
Ask = Callable[[Challenge], None]  # of the camera's capture


class ChallengeDesk:
    """The challenges of one line; `step` is one turn."""

    def __init__(self, line: LineSettings, books: Bookkeeping, ask: Ask, zone: tzinfo | None = None) -> None:
        self._settings = {camera.name: camera.challenge for camera in line.cameras}
        self._told = {camera.name for camera in line.cameras if camera.parts.told}
        self._data_dir = line.data_dir
        self._due = Due(line, time.time_ns(), zone)
        self._books = books
        self._ask = ask
        self._book: ChallengeBook | None = None  # until the log is read
        self._seen: set[str] = set()  # cameras that have given a picture
        self._stored = Stored(self._settings, books)
        self._asked_s: dict[str, float] = {}
        self._since_s: dict[str, float] = {}  # since when each is open, as this process has seen it
        self._look_at_s = 0.0
        books.on_new.append(self._judged)

    def step(self, *, log_is_open: bool) -> None:
        """Once there is a log: begins what is due, asks captures, ends what has waited too long."""
        now_s = time.monotonic()
        if self._book is None and log_is_open and now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            self._book = self._read()
            for act in tuple(self._books.staged.batch.acts.values()):
                self.act(act)
        if self._book is None:
            return
        self._mind_parts(self._book)
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            self._look(self._book, time.time_ns(), now_s)

    def act(self, act: Act) -> None:
        """Somebody begins a challenge, or knows of an alarm; it is staged already."""
        if self._book is None:
            return
        if act.kind == "acknowledge":
            self._book.acknowledge(act.subject)
        begun = self._book.take(act) if act.kind == KIND and act.role != "system" else None
        if begun is not None and (said := self._refusal(self._book, begun)):
            self._end(begun, Found(REFUSED, said))

    def event(self, event: Event) -> None:
        """A capture says why it cannot put a picture into its ring."""
        if event.kind == KIND and self._book is not None:
            begun = self._book.of(event.camera, "picture")
            if begun is not None and begun.run == event.run:
                self._end(begun, Found(UNDECIDED, event.text))

    @property
    def alarms(self) -> tuple[str, ...]:
        """In plain words, oldest first."""
        if self._book is None:
            return ()
        return (*self._book.alarms, *self._due.alarms(self._book, time.time_ns()))

    def status(self) -> tuple[ChallengeStatus, ...]:
        """How each camera stands."""
        return () if self._book is None else self._due.status(self._book, time.time_ns())

    # --- what is heard ---

    def _judged(self, judged: Judged, book: RunBook) -> None:
        """A verdict enters the books."""
        frame = judged.frame
        self._seen.add(frame.camera)
        if self._book is None or not (book.challenge or judged.verdict.state == "BAD"):
            return
        begun = self._book.of(frame.camera, "picture" if book.challenge else "part")
        if begun is None:
            return
        found: Found | None = None
        if book.challenge:
            found = self._stored.judged(begun, judged, book) if begun.run == frame.run else None
        elif frame.camera not in self._told:
            found = of_incident(begun, judged, book.incidents.incidents)
        if found is not None:
            self._end(begun, found)

    def _mind_parts(self, book: ChallengeBook) -> None:
        for (camera, run, _), part in self._books.staged.batch.parts.items():
            begun = book.of(camera, "part")
            if begun is None:
                continue
            incidents = self._books.book(camera, run).incidents.incidents
            if found := of_part(begun, camera, run, part, incidents):
                self._end(begun, found)

    # --- what is done ---

    def _read(self) -> ChallengeBook | None:
        try:
            with reading(self._data_dir) as db:
                return ChallengeBook(reversed(list(acts_of(db))), acknowledged(db))
        except OSError as error:
            log.warning("the challenges cannot be read yet: %s", error)
            return None

    def _look(self, book: ChallengeBook, now_ns: int, now_s: float) -> None:
        for camera in self._settings:
            self._begin_due(book, camera, now_ns)
        self._since_s = {begun.id: self._since_s.get(begun.id, now_s) for begun in book.open.values()}
        for begun in list(book.open.values()):
            picture = begun.wish.what == "picture"
            if found := (self._stored.came_of(begun) if picture else None) or self._late(begun, now_s):
                self._end(begun, found)
            elif picture:
                self._ask_for(begun, now_s)

    def _begin_due(self, book: ChallengeBook, camera: str, now_ns: int) -> None:
        """The line itself sends a stored picture where one is due; known-bad parts are people's to lay down."""
        tried_ns = book.tried_ns.get(camera, 0)
        if not self._settings[camera].pictures or camera not in self._seen or book.of(camera, "picture"):
            return
        if now_ns - tried_ns < AGAIN_S * SECOND_NS or self._due.since(book, camera, now_ns) is None:
            return
        act = Act(uuid.uuid4().hex, now_ns, "linewatch", "system", KIND, camera, new=_text(Wish()))
        self._books.act(act)
        book.take(act)

    def _refusal(self, book: ChallengeBook, begun: Begun) -> str:
        """Why a challenge that somebody began cannot be, in words; empty where it can."""
        settings = self._settings.get(begun.camera)
        if settings is None:
            return f"no camera {begun.camera} here; known: {', '.join(self._settings)}"
        if begun.wish.what == "picture" and settings.pictures is None:
            return f"no picture is stored; set cameras.{begun.camera}.challenge.pictures"
        if begun.wish.what == "part" and begun.camera not in self._told and begun.wish.within_s > NEXT_WITHIN_MAX_S:
            return next_too_long(begun)
        if book.of(begun.camera, begun.wish.what) is not begun:
            return "another challenge of this camera is not decided yet; try again when it is"
        return ""

    def _late(self, begun: Begun, now_s: float) -> Found | None:
        """By the monotonic clock: a wall clock that is stepped ends no challenge, and keeps none open."""
        now_ns = begun.utc_ns + round((now_s - self._since_s[begun.id]) * SECOND_NS)
        settings = self._settings.get(begun.camera)
        found = late(begun, settings, told=begun.camera in self._told, now_ns=now_ns)
        return self._stored.late(begun, found) if found and begun.wish.what == "picture" else found

    def _ask_for(self, begun: Begun, now_s: float) -> None:
        choice = self._stored.choice(begun)
        if choice is not None and now_s - self._asked_s.get(begun.id, -ASK_EVERY_S) >= ASK_EVERY_S:
            self._asked_s[begun.id] = now_s
            self._ask(Challenge(begun.camera, begun.run, choice.name))

    def _end(self, begun: Begun, found: Found) -> None:
        """Stages the outcome, and takes note of it; where no act can be staged now, the next turn tries again."""
        judged = found.judged
        outcome = Outcome(
            camera=begun.camera,
            result=found.result,
            said=found.said,
            what=begun.wish.what,
            name=found.name or self._stored.name_of(begun) or begun.wish.part,
            begun_utc_ns=begun.utc_ns,
            begun_by=begun.who,
            state=judged.verdict.state if judged else found.state,
            score=judged.verdict.score if judged else None,
            bundle=judged.verdict.bundle_id if judged else "",
            settings=judged.verdict.settings_id if judged else "",
        )
        named = f"{begun.camera}/{judged.frame.run}/{judged.frame.seq}" if judged else found.frame or begun.camera
        act = outcome_act(begun, outcome, named, time.time_ns())
        self._books.act(act)
        if self._book is not None and act.id in self._books.staged.batch.acts:
            self._book.take(act)
            self._asked_s.pop(begun.id, None)
            self._stored.forget(begun)
            log.info("challenge of %s: %s, %s", begun.camera, found.result, found.said)


def _text(wish: Wish) -> str:
    return msgspec.json.encode(wish).decode()
