"""What a capture and the recorder say to each other of a run: its account, what is on record, what may be released."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.messages.frames import Key
from stream.messages.values import FRAMES_MAX, CameraName, Count, Fate, FileName, Frames, Name, PartName, Text

UNKNOWN_MOST = 256  # frames of one interval of UNKNOWN: each of them becomes a row of its own
OUTCOMES_MAX = 512  # intervals in one report
CHALLENGE_SOURCE = "challenge:"  # what the source of a run begins with whose pictures are no product
PARTS_MAX = 256  # parts of a camera whose beginning the log has not confirmed; past it, none is taken


class Outcome(msgspec.Struct, frozen=True):
    """What became of the frames start <= seq < stop where capture decides: dropped:REASON, or UNKNOWN with a reason."""

    start: Frames
    stop: Frames
    outcome: Fate
    reason: Text | None = None  # of UNKNOWN

    def __post_init__(self) -> None:
        most = UNKNOWN_MOST if self.outcome == "UNKNOWN" else FRAMES_MAX
        if not 0 < self.stop - self.start <= most:
            raise ValueError(f"{self.outcome} of 1 to {most} frames, got [{self.start}, {self.stop})")


class PartBegin(msgspec.Struct, frozen=True):
    """A part came before the camera: frames from `seq` on are of it, until the next part begins."""

    number: Frames  # of the part within its run, 0, 1, 2 ...
    seq: Frames  # the first frame; the next part's own where there was none
    part: PartName  # empty: from here on nobody knows which part it is
    by: PartName  # who announced it
    told_utc_ns: Count


class Report(msgspec.Struct, frozen=True, tag="report"):
    """A capture's account of one run; acknowledged by its serial, and sent again until it is."""

    camera: CameraName
    run: Count
    serial: Count
    session: Name
    source: Text  # without its password
    live: bool
    captured: Frames
    lost: Frames  # lost before capture, by the camera's own counter or time
    expired: Frames  # leases given back because an inspector died or was silent
    outcomes: Annotated[tuple[Outcome, ...], msgspec.Meta(max_length=OUTCOMES_MAX)]
    pending: tuple[Key, ...]  # frames of this run that have waited long for the recorder's release
    ended: bool
    note: Text = ""  # in plain words, for people: why the run ended
    # Whose beginning is known and not confirmed yet: all of them, so that frames below `captured` are of known parts.
    parts: Annotated[tuple[PartBegin, ...], msgspec.Meta(max_length=PARTS_MAX)] = ()


class Reported(msgspec.Struct, frozen=True, tag="reported"):
    """A report is on disk."""

    camera: CameraName
    run: Count
    serial: Count
    recorder: Name  # changes when a recorder starts anew: what waited in its memory is gone


class Release(msgspec.Struct, frozen=True, tag="release"):
    """The recorder needs the pixels of these frames no more.

    `committed` False means that the disk refuses: the verdict waits in the recorder's memory alone.
    """

    camera: CameraName
    keys: tuple[Key, ...]
    committed: bool = True
    recorder: str = ""  # as in Reported; where it is not committed: should that recorder die, its memory is gone


class Recall(msgspec.Struct, frozen=True, tag="recall"):
    """A capture that goes on with a run asks what the log has of it."""

    camera: CameraName
    run: Count


class Known(msgspec.Struct, frozen=True, tag="known"):
    """The log's answer: the half-open intervals of seq whose outcome is on disk.

    While the disk refuses, those of `early` have theirs in the recorder's memory alone.
    """

    camera: CameraName
    run: Count
    intervals: tuple[tuple[Frames, Frames], ...]
    early: tuple[tuple[Frames, Frames], ...] = ()
    recorder: str = ""  # as in Reported

    def __post_init__(self) -> None:
        stops = (0, *(stop for _, stop in self.intervals))
        if any(not before <= start < stop for before, (start, stop) in zip(stops, self.intervals, strict=False)):
            raise ValueError("intervals run upwards, each behind the one before")
        if any(start >= stop for start, stop in self.early):
            raise ValueError("an interval runs upwards")


class Challenge(msgspec.Struct, frozen=True, tag="challenge"):
    """The recorder wants a stored picture judged: as a run of its own, once, however often that is said."""

    camera: CameraName
    run: Count
    picture: FileName
