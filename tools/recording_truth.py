"""The truth of the frames of a drawn recording, from NAME.truth.json, and the run of a log that judged it."""

from __future__ import annotations

from pathlib import Path

from detector.verdict import State
from stream.run_book import RunBook
from stream.sources.synthetic.truth import PartTruth, RecordingTruth, read_truth, truth_path

from .dataset import DataError
from .logged_frames import KnownFrame, Logged


def read_recording_truth(path: Path) -> RecordingTruth:
    """The truth file. Raises DataError, naming it."""
    try:
        return read_truth(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a NAME.truth.json or a CSV file") from error
    except (ValueError, KeyError, TypeError) as error:
        said = str(error)
        raise DataError(said if str(path) in said else f"{path}: not a truth file: {said}") from error


def run_of_recording(logged: Logged, truth: RecordingTruth, path: Path, run: int | None) -> RunBook:
    """The run that judged the recording beside the truth file: the one named, or the newest. Raises DataError."""
    seen = [book for book in logged.books.values() if truth_path(Path(book.source)).name == path.name]
    if run is not None:
        seen = [book for book in logged.books.values() if book.run == run]
    if not seen:
        there = ", ".join(f"{b.camera}/{b.run} of {b.source}" for b in logged.books.values()) or "none"
        wish = f"--run {run}: no such run" if run is not None else f"{path}: no run of its recording is in the log"
        raise DataError(f"{wish}; runs in the log: {there}")
    book = max(seen, key=lambda one: one.run)
    if book.captured > truth.frames:
        raise DataError(
            f"{path}: tells of {truth.frames} frames, run {book.camera}/{book.run} has {book.captured}; "
            "it is the truth of another recording: name the one beside the film, or another --run"
        )
    return book


def frames_of_recording(truth: RecordingTruth, book: RunBook) -> list[KnownFrame]:
    """The truth of each captured frame, by the rule of visibility.

    BAD where a scratch is plain, GOOD where there is none. Frames in which a scratch only begins to show are neither,
    and left out. A part is one group, and so is the empty belt between two parts.
    """
    frames = []
    for seq in range(book.captured):
        part = next((one for one in truth.parts if one.first_seq <= seq <= one.last_seq), None)
        state = State.GOOD if part is None or not part.scratched else _of_scratched(part, seq)
        if state is not None:
            before = sum(one.last_seq < seq for one in truth.parts)
            group = f"empty {before}" if part is None else f"part {part.part}"
            kind = (part.kind or "") if part is not None and state is State.BAD else ""
            frames.append(KnownFrame(book.camera, book.run, seq, state, group, kind))
    return frames


def _of_scratched(part: PartTruth, seq: int) -> State | None:
    if part.must_first_seq is None or part.must_last_seq is None:
        return None
    return State.BAD if part.must_first_seq <= seq <= part.must_last_seq else None
