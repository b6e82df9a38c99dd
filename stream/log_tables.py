"""The rows of the log for people: a line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from stream.log_frames import LoggedEvent, LoggedFrame
from stream.number_words import scored

SAID = {"defect": "a true defect", "false_alarm": "a false alarm", "unsure": "nobody is sure"}


def sizes(frame: LoggedFrame) -> Iterator[str]:
    """The first of the frame's defects in words: how long, how wide."""
    for defect in frame.defects[:3]:
        length, width = defect.length_px, defect.width_px
        mm = f" ({length * frame.mm_per_px:.2f} x {width * frame.mm_per_px:.2f} mm)" if frame.mm_per_px else ""
        yield f"{defect.kind} {length:.0f} x {width:.0f} px{mm}"


def write_table(frames: Iterator[LoggedFrame], out: TextIO) -> None:
    """For people."""
    count = 0
    for count, frame in enumerate(frames, 1):  # noqa: B007
        listed = ", ".join(sizes(frame))
        what = ": ".join(said for said in (frame.reason, listed) if said)
        what = f"part {frame.part}  {what}" if frame.part else what
        what = f"{frame.file}  {what}" if frame.file else what
        what = f"{what}  ({SAID[frame.review]}, says {frame.reviewed_by})" if frame.review in SAID else what
        score = "" if frame.score is None else scored(frame.score)
        out.write(f"{frame.time}  {frame.camera:<12} {frame.run}/{frame.seq:<7} {frame.state:<8}{score:<7}  {what}\n")
        if frame.evidence:
            out.write(f"{'':27}{frame.evidence}\n")
    out.write(f"{count} frames BAD or UNKNOWN\n")


def write_event_table(events: Iterator[LoggedEvent], out: TextIO) -> None:
    """For people: an event a line."""
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007
        text = " ".join(event.text.split())
        out.write(f"{event.time}  {event.camera or '-':<12} {event.run or '-':<16}  {event.kind:<12} {text}\n")
    out.write(f"{count} events\n")
