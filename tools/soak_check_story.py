"""What a soak wrote down: the truth of its cameras, what was done to the line, what was left of it.

The format is that of tools/soak_truth.py; it is read here once more, in words of its own, so that one mistake does not
hide the other. Judges nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tools.soak_check_journal import Journal, journal_of
from tools.soak_check_log import UnreadableError

FORMAT = 1
BLACK, FROZEN, DAMAGED = "black", "frozen", "damaged"
ONSET_S, ONSET_SLACK = 1.0, 4  # what is frozen is found within; pictures more or less than a camera says in that time
SPELL = re.compile(r"([a-z]+)-(\d+)-(\d+)-(\d+)")
Told = TypeVar("Told")


@dataclass(frozen=True)
class Spell:
    """Of every so many pictures those start <= number < stop are not as they ought to be."""

    what: str  # black | frozen | damaged
    start: int
    stop: int
    every: int

    def holds(self, number: int) -> bool:
        return self.start <= number % self.every < self.stop


@dataclass(frozen=True)
class Camera:
    """What was true of a camera: whether a picture was BAD is a hash of its number."""

    name: str
    seed: int
    bad_share: float
    recording: bool
    every: bool  # its reader waits: no frame of it gives way
    pictures: int | None  # of a recording
    deadline_ms: float | None
    fps: float = 1.0
    watched: bool = False  # a folder: which picture a frame is of stands elsewhere
    spells: tuple[Spell, ...] = ()
    damaged_share: float = 0.0
    gige: bool = False  # an industrial camera: its pictures bear no number, and none is BAD
    heard: bool = False  # it is told of parts by a broker
    ordered: bool = False  # it takes a picture for each part, and none else

    def is_bad(self, number: int) -> bool:
        return self._hash(str(number)) < self.bad_share * 2**64

    def unfit(self, number: int) -> str:
        """Why that picture must not be judged; empty where it may be."""
        for spell in self.spells:
            since = number % spell.every - spell.start
            if spell.holds(number) and (spell.what != FROZEN or since >= self.pictures_in(ONSET_S) + ONSET_SLACK):
                return spell.what
        return DAMAGED if self._hash(f"{number}|damaged") < self.damaged_share * 2**64 else ""

    def shown(self, number: int) -> int:
        """The number that it bears: what is frozen bears that of the last one before."""
        frozen = next((s for s in self.spells if s.what == FROZEN and s.holds(number)), None)
        return number if frozen is None else number - number % frozen.every + frozen.start - 1

    def pictures_in(self, seconds: float) -> int:
        return math.ceil(seconds * self.fps)

    def _hash(self, text: str) -> int:
        digest = hashlib.sha256(f"{self.seed}|{self.name}|{text}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


@dataclass(frozen=True)
class Held:
    """A frame that lay whole in the ring of a capture when that died."""

    camera: str
    run: int
    seq: int
    gone_later: bool = False  # no ring held it any more when a later capture of the camera died


@dataclass(frozen=True)
class Leaks:
    """What was still there after the line had ended."""

    processes: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    exit_code: int | None = 0


@dataclass(frozen=True)
class Truth:
    """What was true of a soak."""

    cameras: dict[str, Camera]
    incident_gap_frames: int
    bundles: tuple[str, ...]
    data_dir: Path
    filmed: tuple[str, ...] = ()  # cameras that have clips
    continuous: tuple[str, ...] = ()  # cameras whose recording is kept
    has: frozenset[str] = frozenset()  # what the line has, in words
    minutes: float = 0.0


def read_truth(folder: Path) -> Truth:
    """Raises UnreadableError."""
    return _read(folder / "truth.json", _truth)


def read_journal(folder: Path) -> Journal:
    """Raises UnreadableError."""
    return _read(folder / "journal.jsonl", journal_of)


def read_leaks(folder: Path) -> Leaks:
    """Raises UnreadableError."""
    return _read(folder / "leaks.json", _leaks)


def read_rings(folder: Path) -> tuple[Held, ...]:
    """Raises UnreadableError."""
    return _read(folder / "rings.jsonl", _rings)


def _read(path: Path, parse: Callable[[str], Told]) -> Told:
    try:
        return parse(path.read_text())
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UnreadableError(f"{path}: cannot be read as tools/soak_truth.py describes it: {said}") from error


def _truth(text: str) -> Truth:
    said = json.loads(text)
    if said["format"] != FORMAT:
        raise ValueError(f"format {said['format']}; known here: {FORMAT}")
    cameras = {
        c["name"]: Camera(
            name=c["name"],
            seed=said["seed"],
            bad_share=c["bad_share"],
            recording=c["kind"] == "recording",
            every=c["policy"] == "every",
            pictures=c["pictures"],
            deadline_ms=c["deadline_ms"],
            fps=c["fps"],
            watched=c["kind"] == "watched",
            gige=c["kind"] == "gige",
            heard=c.get("heard", False),
            ordered=c.get("ordered", False),
            spells=tuple(_spell(text) for text in c.get("spells", [])),
            damaged_share=c.get("damaged_share", 0.0),
        )
        for c in said["cameras"]
    }
    return Truth(
        cameras,
        said["incident_gap_frames"],
        tuple(said["bundle"]),
        Path(said["data_dir"]),
        filmed=tuple(said.get("filmed", [])),
        continuous=tuple(said.get("continuous", [])),
        has=frozenset(said.get("has", [])),
        minutes=said["minutes"],
    )


def _spell(text: str) -> Spell:
    found = SPELL.fullmatch(text)
    if found is None:
        raise ValueError(f"no spell: {text!r}")
    return Spell(found[1], int(found[2]), int(found[3]), int(found[4]))


def _rings(text: str) -> tuple[Held, ...]:
    said = [json.loads(line) for line in text.splitlines() if line]
    last = {ring["camera"]: {(run, seq) for run, seq in ring["held"]} for ring in said}  # at the camera's last death
    return tuple(
        Held(ring["camera"], run, seq, gone_later=(run, seq) not in last[ring["camera"]])
        for ring in said
        for run, seq in ring["held"]
    )


def _leaks(text: str) -> Leaks:
    said = json.loads(text)
    return Leaks(
        processes=tuple(f"{p['pid']} {p['command']}" for p in said["processes"]),
        sockets=tuple(said["sockets"]),
        segments=tuple(said["segments"]),
        exit_code=said["exit_code"],
    )
