"""All that the checker of a soak knows of a line, and how it says what it found. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tools.soak_check_journal import ALWAYS, Journal, Moment
from tools.soak_check_kept import Folder, read_folders
from tools.soak_check_log import Log, Run, Span, read_log
from tools.soak_check_said import Said, read_said
from tools.soak_check_spoken import Audit, Spoken, read_audit, read_spoken
from tools.soak_check_story import Camera, Held, Leaks, read_journal, read_leaks, read_rings, read_truth
from tools.soak_check_told import Told, read_told
from tools.soak_check_watched import Key, Watched, read_watched

DROPPED = "dropped:"
CHALLENGE = "challenge:"  # before the name of a stored picture, in the source of its run
SILENT_S = 30.0  # no camera of a soak goes longer without a BAD frame, whatever is done to it


@dataclass(frozen=True)
class Soak:
    """A soaked line, as it is found."""

    cameras: Mapping[str, Camera]
    incident_gap_frames: int
    bundles: tuple[str, ...]
    journal: Journal
    leaks: Leaks
    log: Log
    folders: Mapping[str, Folder]  # evidence, by its folder relative to data_dir
    rings: tuple[Held, ...] = ()
    said: Said = field(default_factory=Said)
    watched: Watched = field(default_factory=Watched)
    filmed: tuple[str, ...] = ()  # cameras that have clips
    continuous: tuple[str, ...] = ()  # cameras whose recording is kept
    has: frozenset[str] = frozenset()  # what the line has, in words
    minutes: float = 0.0
    data_dir: Path | None = None
    spoken: tuple[Spoken, ...] = ()  # at the page
    told: tuple[Told, ...] = ()  # by a broker
    audit: Audit | None = None  # what the line's own audit said afterwards

    def number(self, camera: Camera, run: int, seq: int) -> int | None:
        """Which picture a frame shows; None where nobody can say."""
        if camera.gige:
            return None
        return self._numbers.get((camera.name, run, seq)) if camera.watched else camera.shown(seq)

    def is_bad(self, camera: Camera, run: int, seq: int) -> bool | None:
        """Whether what a frame shows is BAD; None where nobody can say, or where nothing is to be seen."""
        number = self.number(camera, run, seq)
        if camera.gige:
            return False
        return None if number is None or self.unfit(camera, run, seq) else camera.is_bad(number)

    def unfit(self, camera: Camera, run: int, seq: int) -> str:
        """Why a frame must not be judged; empty where it may be."""
        if camera.watched:
            return "half of a file" if (camera.name, run, seq) in self._halves else ""
        return camera.unfit(seq)

    def is_challenge(self, camera: str, run: int) -> bool:
        """Whether a run is a stored picture, and no product."""
        return (camera, run) in self.runs and self.runs[camera, run].source.startswith(CHALLENGE)

    def held(self, camera: str, run: int, seq: int) -> bool:
        """Whether people have reviewed or pinned the incident that has this frame."""
        return any(incident.held for incident in self.log.incidents if incident.has(camera, run, seq))

    @cached_property
    def deleted(self) -> Mapping[str, int]:
        """How many pieces retention says to have deleted, by kind."""
        said = [act for act in self.log.acts if act.kind == "delete" and act.role == "system"]
        return {
            kind: sum(_count_in(act.new) for act in said if act.subject == kind) for kind in {a.subject for a in said}
        }

    @cached_property
    def _numbers(self) -> Mapping[Key, int]:
        return self.watched.numbers()

    @cached_property
    def _halves(self) -> set[Key]:
        return self.watched.halves()

    @cached_property
    def spans_of(self) -> dict[tuple[str, int], list[Span]]:
        """The ledger of each run, in the order of seq; also of runs that the log does not list."""
        spans: dict[tuple[str, int], list[Span]] = {(run.camera, run.run): [] for run in self.log.runs}
        for span in sorted(self.log.spans, key=lambda span: (span.camera, span.run, span.start, span.stop)):
            spans.setdefault((span.camera, span.run), []).append(span)
        return spans

    @cached_property
    def runs(self) -> dict[tuple[str, int], Run]:
        return {(run.camera, run.run): run for run in self.log.runs}

    @cached_property
    def _times(self) -> dict[str, list[tuple[int, int, float]]]:
        """Of each camera, when its frames with a row were captured: run, seq, seconds."""
        times: dict[str, list[tuple[int, int, float]]] = {}
        for row in self.log.rows:
            if row.captured_mono_ns is not None:
                times.setdefault(row.camera, []).append((row.run, row.seq, row.captured_mono_ns / 1e9))
        return times

    def when(self, camera: str, run: int, seq: int) -> Moment:
        """When a frame was captured, as the rows next to it bound it: those of its run, then those of others."""
        times = self._times.get(camera, [])
        before = max(((s, at) for r, s, at in times if r == run and s <= seq), default=None)
        after = min(((s, at) for r, s, at in times if r == run and s >= seq), default=None)
        if before and after:
            return min(before[1], after[1]), max(before[1], after[1])
        if after:
            return max([after[1] - SILENT_S, *(at for r, _, at in times if r != run and at < after[1])]), after[1]
        if before:
            return before[1], min([before[1] + SILENT_S, *(at for r, _, at in times if r != run and at > before[1])])
        return ALWAYS

    def captured_s(self, camera: str, run: int, first: int, last: int) -> list[float]:
        """When those of these frames were captured that have a row, in the order of seq."""
        times = self._times.get(camera, [])
        return [at for _, at in sorted((s, at) for r, s, at in times if r == run and first <= s <= last)]

    def disturbed(self, camera: str, names: tuple[str, ...], when: Moment) -> bool:
        """Whether a fault whose name begins so was done to the camera at that time, or shortly before."""
        return any(f.target == camera and f.name.startswith(names) and f.holds(when) for f in self.journal.faults)

    def frames(self) -> Iterator[tuple[Camera, int, int, str]]:
        """Every frame of a known camera that the ledger has: camera, run, seq, outcome."""
        for (name, run), spans in self.spans_of.items():
            if (camera := self.cameras.get(name)) is not None and not self.is_challenge(name, run):
                for span in spans:
                    for seq in range(span.start, span.stop):
                        yield camera, run, seq, span.outcome

    def frames_without_outcome(self) -> Iterator[tuple[Camera, int, int]]:
        """Every captured frame of a known camera that the ledger has not: camera, run, seq."""
        for (name, run), spans in self.spans_of.items():
            camera, captured = self.cameras.get(name), self.runs.get((name, run))
            if camera is not None and captured is not None and not self.is_challenge(name, run):
                told = {seq for span in spans for seq in range(span.start, span.stop)}
                yield from ((camera, run, seq) for seq in range(captured.captured) if seq not in told)


@dataclass(frozen=True)
class Finding:
    """How one invariant came out."""

    checked: int  # things looked at: an invariant that looked at nothing says nothing
    breaks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Invariant:
    """Something that must always hold, and what looks whether it did."""

    name: str
    sentence: str
    look: Callable[[Soak], Finding] = field(repr=False)
    owed: str | None = ""  # it must see something where the line has that; empty: always; None: chance decides
    from_minutes: float = 0.0  # it is owed in a soak of so many, if shorter ones need not bring what it looks at


def read_soak(folder: Path) -> Soak:
    """Raises UnreadableError where something is missing or not what it should be."""
    truth = read_truth(folder)
    return Soak(
        cameras=truth.cameras,
        incident_gap_frames=truth.incident_gap_frames,
        bundles=truth.bundles,
        journal=read_journal(folder),
        leaks=read_leaks(folder),
        log=read_log(truth.data_dir),
        folders=read_folders(truth.data_dir),
        rings=read_rings(folder),
        said=read_said(folder),
        watched=read_watched(folder, truth.data_dir, truth.cameras),
        filmed=truth.filmed,
        continuous=truth.continuous,
        has=truth.has,
        minutes=truth.minutes,
        data_dir=truth.data_dir,
        spoken=read_spoken(folder),
        told=read_told(folder),
        audit=read_audit(folder),
    )


def _count_in(text: str) -> int:
    try:
        return int(json.loads(text)["count"])
    except (ValueError, KeyError, TypeError):
        return 0  # another invariant says so
