"""One turn of retention: counts what lies there, deletes what must go, says what it did. Writes no log.

It deletes first and reports afterwards: on a full disk nothing can be written before there is room.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from stream.keeping import VIDEO_FOLDER
from stream.log_batch import Frame
from stream.log_reading import keeps_incidents, reading
from stream.retention_ages import Ages
from stream.retention_clock import Moment, moment
from stream.retention_intent import Intents
from stream.retention_passed import Passed
from stream.retention_pieces import Numbers, Store, may_go, numbers_of, pieces
from stream.retention_plan import GB, KINDS, Asked, Piece, asked, chosen, kept
from stream.retention_removing import Refused, removed
from stream.retention_sizes import BLOCK, Pause, Sizes
from stream.settings import KeptSettings, LineSettings

MOST = 256  # pieces of one kind that a turn deletes
AGE_EVERY_NS = 3600 * 1_000_000_000
UNREPORTED_TURNS = 4  # that may have deleted while the disk took no record of it
ON_RECORD = "SELECT 1 FROM acts WHERE id=?"
NEW = "what is left was reviewed, is pinned or is younger than some minutes"


class EndedError(Exception):
    """The recorder ends, and with it the turn."""


@dataclass(frozen=True)
class Swept:
    """What a turn did to one kind."""

    kind: str
    pieces: tuple[Piece, ...] = ()
    bytes_left: int | None = None  # None: not counted, for it has no budget
    alarm: str = ""

    @property
    def bytes(self) -> int:
        """That were freed."""
        return sum(piece.bytes for piece in self.pieces)


@dataclass
class Turns:
    """What one turn leaves to the next."""

    line: LineSettings
    rest: Pause = lambda: None  # between two pieces; must not raise, for what is gone must be told
    named: Callable[[], Sequence[Frame]] = tuple  # in acts that may not be in the log yet
    sizes: dict[str, Sizes] = field(default_factory=dict)
    aged_ns: dict[str, int] = field(default_factory=dict)  # when ages were looked at last, by the clock of the ages
    refused: dict[str, Refused] = field(default_factory=dict)  # by kind
    passed: Passed = field(default_factory=Passed)
    ages: Ages | None = None  # read in the first turn
    clock: Callable[[], Moment] = moment
    first: bool = True  # a recorder that was killed, a turn that failed may have deleted what it could not report

    def turn(self, pause: Pause) -> list[Swept]:
        """All kinds once; `pause` comes between two steps before anything goes, and may end it by EndedError.

        Raises LogError, OSError.
        """
        done: list[Swept] = []
        with contextlib.suppress(EndedError):
            self._turn(pause, done)
        return [one for one in done if one.pieces or one.alarm or one.bytes_left is not None]

    def _turn(self, pause: Pause, done: list[Swept]) -> None:
        """What is done goes into the list at once: it must be told, however the turn ends."""
        with reading(self.line.data_dir) as db:
            if not keeps_incidents(db):
                return
            now = self.clock()
            ages = self._ages_at(now)
            self.passed.begin(ages.now_ns)
            store = Store(self.line.data_dir, db, ages, now.utc_ns, pause, self.passed)
            if self.first:
                done += [Swept(kind, gone) for kind in KINDS for gone in self._intents(store, kind).gone()]
            self.first = True
            for kind in KINDS:
                done.append(self._swept(store, kind, pause))
            done.append(self._too_many_samples(store, pause))
            ages.keep()
            self.first = False

    def _ages_at(self, now: Moment) -> Ages:
        if self.ages is None:
            self.ages = Ages.read(self.line.data_dir)
        self.ages.tick(now)
        return self.ages

    def _intents(self, store: Store, kind: str) -> Intents:
        return Intents(self.line.data_dir, kind, lambda act: store.db.execute(ON_RECORD, (act,)).fetchone() is not None)

    def _swept(self, store: Store, kind: str, pause: Pause) -> Swept:
        settings = kept(self.line.retention, kind)
        if settings == KeptSettings():
            return Swept(kind)
        size, numbers = looked(store, kind, self._sizes(kind), pause)
        age_is_due = kind not in self.aged_ns or store.now_ns - self.aged_ns[kind] >= AGE_EVERY_NS
        wanted = asked(settings, size, store.now_ns, age_is_due=age_is_due)
        refused = self._refused(store, kind)
        doubt = store.ages.doubt if settings.days is not None else ""
        if not wanted:
            return Swept(kind, (), size, _alarm(kind, settings, size, refused, doubt))
        going = list(islice(chosen(refused.others(pieces(store, kind, numbers)), wanted), MOST))
        gone = self._remove(store, kind, going)
        if len(going) < MOST:
            self.aged_ns[kind] = store.now_ns
        left = size - sum(piece.bytes for piece in gone)
        all_tried = len(gone) == len(going) < MOST  # else others go in the next turn
        return Swept(kind, gone, left, _alarm(kind, settings, left if all_tried else 0, refused, doubt))

    def _too_many_samples(self, store: Store, pause: Pause) -> Swept:
        """Past `samples.kept_max` of a camera its oldest go. Those that are missing leave their room to no others."""
        most, refused = self.line.samples.kept_max, self._refused(store, "samples")
        _, numbers = looked(store, "samples", self._sizes("samples"), pause)
        asked_for = "SELECT camera FROM samples GROUP BY camera HAVING count(*) > ?"
        cameras = [camera for (camera,) in store.db.execute(asked_for, (most,))]
        there = {camera: _samples_there(store, numbers, camera) for camera in cameras}
        listed = {camera: refused.others(pieces(store, "samples", numbers, camera)) for camera in cameras}
        surplus = chain.from_iterable(islice(listed[camera], max(0, there[camera] - most)) for camera in cameras)
        going = list(islice(surplus, MOST))
        gone = self._remove(store, "samples", going)
        return Swept("samples", gone, alarm=_alarm("samples", KeptSettings(), 0, refused))

    def _sizes(self, kind: str) -> Sizes:
        return self.sizes.setdefault(kind, Sizes(self.line.data_dir / kind))

    def _refused(self, store: Store, kind: str) -> Refused:
        refused = self.refused.setdefault(kind, Refused())
        refused.forget(store.now_ns)
        return refused

    def _remove(self, store: Store, kind: str, going: list[Piece]) -> tuple[Piece, ...]:
        """No cursor may be open on the log: each row is asked for as it is at that moment."""

        def still(piece: Piece) -> bool:
            self.rest()
            return may_go(store.db, piece, self.named())

        def refuse(piece: Piece, why: str) -> None:
            self.refused[kind].note(piece, store.now_ns, why)

        intents = self._intents(store, kind)
        intents.begin(going)
        gone = tuple(removed(self.line.data_dir, going, still, refuse))
        intents.settle(going, gone)
        return gone


def looked(store: Store, kind: str, sizes: Sizes, pause: Pause) -> tuple[int, Numbers]:
    """The bytes that lie there of a kind, and the numbers of each run, whose ages are known from now on."""
    size = bytes_of(store, kind, sizes, pause)
    numbers = numbers_of(store, kind, sizes)
    store.ages.look(kind, numbers.items())
    return size, numbers


def _samples_there(store: Store, numbers: Numbers, camera: str) -> int:
    """How many samples of a camera have both their row and their folder."""
    lying = {(run, number) for (of, run), found in numbers.items() if of == camera for number in found}
    return sum(row in lying for row in store.db.execute("SELECT run, seq FROM samples WHERE camera=?", (camera,)))


def bytes_of(store: Store, kind: str, sizes: Sizes, pause: Pause) -> int:
    """What lies there of a kind."""
    if kind != VIDEO_FOLDER:
        return sizes.look(pause)
    return sum(film.stat().st_blocks * BLOCK for film in (store.data_dir / VIDEO_FOLDER).glob("*.mp4"))


def preview(line: LineSettings, pause: Pause) -> dict[str, tuple[int, list[Piece]]]:
    """By kind the bytes that lie there, and what would go now. Raises LogError, OSError."""
    shown, ages, now = {}, Ages.read(line.data_dir), moment()
    ages.tick(now)
    with reading(line.data_dir) as db:
        store = Store(line.data_dir, db, ages, now.utc_ns, pause)
        for kind in KINDS if keeps_incidents(db) else ():
            size, numbers = looked(store, kind, Sizes(line.data_dir / kind), pause)
            wanted: Asked = asked(kept(line.retention, kind), size, ages.now_ns, age_is_due=True)
            shown[kind] = (size, list(chosen(pieces(store, kind, numbers), wanted)) if wanted else [])
    return shown


def _alarm(kind: str, settings: KeptSettings, left: int, refused: Refused, doubt: str = "") -> str:
    if settings.gb is None or left <= settings.gb * GB:
        said = str(refused) or doubt
        return f"retention.{kind}: {said}" if said else ""
    why = f"{NEW}; {refused}" if str(refused) else NEW
    return f"retention.{kind}.gb: {left / GB:.4g} GB are kept, {settings.gb:g} GB is the budget; {why}"
