"""Evaluates a line by its log and what is known to be true of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.bundle import SHIPPED, open_bundle
from detector.errors import OpenError

from .dataset import DataError
from .evaluation import Fact, RecallTable
from .evaluation_facts import file_sha256
from .log_evaluation import evaluate_frames, parts_found
from .logged_frames import KnownFrame, Logged, Session, read_log
from .recording_truth import frames_of_recording, read_recording_truth, run_of_recording
from .report_gallery import Evaluated, from_log, gallery
from .table_truth import read_table

FILMS = (".mp4", ".mkv", ".avi", ".mov")


@dataclass(frozen=True)
class _Known:
    """The frames whose truth is known, and what else the truth tells."""

    frames: list[KnownFrame]
    parts: tuple[RecallTable, ...] = ()
    film: Path | None = None


def evaluate_log(
    data_dir: Path, truth: Path, run: int | None, bundle: Path | None, asked: Sequence[Fact], wanted_recall: float
) -> Evaluated:
    """The evaluation of the log in data_dir. Raises DataError, LogError, OSError.

    truth: NAME.truth.json, or a CSV by people. run: of the recording, when not the newest. bundle: where that of the
    line lies, when the log does not tell.
    """
    logged = read_log(data_dir)
    known = _of_recording(logged, truth, run) if truth.suffix == ".json" else _of_table(logged, truth, run)
    outcomes = [logged.outcome(frame) for frame in known.frames]
    if not outcomes:
        raise DataError(f"{truth}: tells of no frame that was captured; let the line run, or name another truth")
    runs = sorted({(frame.camera, frame.run) for frame in known.frames})
    sessions = [logged.sessions[logged.books[name].session] for name in runs if logged.books[name].session]
    threshold = _threshold(sessions, bundle)
    facts = [
        Fact("log", str(data_dir)),
        Fact("camera / run", ", ".join(f"{camera}/{number}" for camera, number in runs)),
        Fact("source", ", ".join(sorted({logged.books[name].source for name in runs}))),
        Fact("bundle", ", ".join(sorted({session.bundle for session in sessions})) or "not on record"),
        Fact("engine", ", ".join(sorted({session.engine for session in sessions})) or "not on record"),
        Fact("threshold", "not known: name the line's --bundle" if threshold is None else f"{threshold:g} of the gate"),
        Fact("truth", f"{truth}, {len(outcomes)} frames"),
        Fact("truth sha256", file_sha256(truth)),
        *asked,
    ]
    evaluation = evaluate_frames(facts, outcomes, wanted_recall, threshold, known.parts)
    return Evaluated(evaluation, lambda: gallery(outcomes, lambda some: from_log(data_dir, logged, known.film, some)))


def _of_recording(logged: Logged, path: Path, run: int | None) -> _Known:
    truth = read_recording_truth(path)
    book = run_of_recording(logged, truth, path, run)
    source = Path(book.source)
    film = source if source.suffix.lower() in FILMS and source.is_file() else None
    return _Known(frames_of_recording(truth, book), (parts_found(truth, book),), film)


def _of_table(logged: Logged, path: Path, run: int | None) -> _Known:
    if run is not None:
        raise DataError("--run: goes with a NAME.truth.json; a table names the run of each of its frames")
    return _Known(read_table(path, logged))


def _threshold(sessions: Sequence[Session], bundle: Path | None) -> float | None:
    """The gate's in all these sessions; None where it is not known, or was not the same."""
    found = {_threshold_of(session, bundle) for session in sessions}
    return found.pop() if len(found) == 1 else None


def _threshold_of(session: Session, named: Path | None) -> float | None:
    if (own := session.inspector("classifier_threshold")) is not None:
        return float(own)
    logged = session.inspector("bundle")
    for folder in (named, logged and Path(logged), SHIPPED):
        if folder is None:
            continue
        try:
            bundle = open_bundle(folder)
        except (OpenError, OSError):  # moved since; the next may be the one
            continue
        if bundle.id == session.bundle:
            return bundle.classifier.threshold
    return None
