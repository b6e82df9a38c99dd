"""What a session came to: read from the log alone, after or while it runs, as an object and as text for people."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stream.defect_log import open_for_reading, session_books
from stream.keeping import VIDEO_FOLDER
from stream.metrics import added
from stream.run_book import DIGEST_MODULUS, RunBook
from stream.settings import LineSettings
from stream.sources.synthetic.truth import Score, read_truth, score_incidents, truth_path
from stream.tally import counts

log = logging.getLogger("linewatch")
TRUTH_SLACK_FRAMES = 3  # an incident may begin so much before a scratch is wholly inside the rectangle


class CameraSummary(msgspec.Struct, frozen=True):
    """One camera in one session."""

    runs: list[int]
    captured: int
    good: int
    bad: int
    unknown: int
    dropped: dict[str, int]
    ledger_closed: bool
    digest: str  # hex; of several runs: their sum modulo 2**256
    lost: int
    notes: list[str]  # why each run ended
    unreadable: int  # frames of which no picture could be decoded; they are UNKNOWN


class LatencySummary(msgspec.Struct, frozen=True):
    """From capture to verdict, in milliseconds; None where nothing was judged."""

    p50: float | None
    p99: float | None


class SessionSummary(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    cameras: dict[str, CameraSummary]
    incidents: int
    latency_ms: LatencySummary
    engine: str
    bundle: str
    data_dir: str
    session: str


@dataclass(frozen=True)
class TruthCheck:
    """How the incidents of a camera compare to what is known to be true of its recording."""

    camera: str
    score: Score


def summarize(line: LineSettings, session: str) -> SessionSummary:
    """The session's summary. Raises LogError where there is no log."""
    db = open_for_reading(line.data_dir)
    try:
        books = list(session_books(db, session, line.recorder.incident_gap_frames))
        unreadable = {
            name: db.execute(
                "SELECT count(*) FROM verdicts JOIN runs USING (camera, run)"
                " WHERE session=? AND camera=? AND reason='decode_error'",
                (session, name),
            ).fetchone()[0]
            for name in {book.camera for book in books}
        }
        row = db.execute("SELECT engine, bundle FROM sessions WHERE session=?", (session,)).fetchone()
    finally:
        db.close()
    latencies = added(book.latencies for book in books)
    names = [camera.name for camera in line.cameras]
    names += [book.camera for book in books if book.camera not in names]
    return SessionSummary(
        cameras={name: _camera(name, books, unreadable.get(name, 0)) for name in dict.fromkeys(names)},
        incidents=sum(len(book.incidents) for book in books),
        latency_ms=LatencySummary(latencies.percentile(0.5), latencies.percentile(0.99)),
        engine=row[0] if row else "",
        bundle=row[1] if row else "",
        data_dir=str(line.data_dir),
        session=session,
    )


def check_truth(line: LineSettings, session: str) -> tuple[TruthCheck, ...]:
    """For each camera whose recording has its truth beside it: incidents found against it."""
    checks = []
    db = open_for_reading(line.data_dir)
    try:
        books = list(session_books(db, session, line.recorder.incident_gap_frames))
    finally:
        db.close()
    for camera in line.cameras:
        path = truth_path(Path(camera.source))
        if camera.live or not path.is_file():
            continue
        try:
            truth = read_truth(path)
        except (OSError, ValueError) as error:
            log.warning("%s; the incidents are not compared with it", error)
            continue
        incidents = [(i.first_seq, i.last_seq) for b in books if b.camera == camera.name for i in b.incidents.incidents]
        checks.append(TruthCheck(camera.name, score_incidents(truth, incidents, TRUTH_SLACK_FRAMES)))
    return tuple(checks)


def as_text(summary: SessionSummary, truths: tuple[TruthCheck, ...], films: tuple[Path, ...]) -> str:
    """The summary for people."""
    lines = []
    for name, camera in summary.cameras.items():
        lines += _camera_lines(name, camera)
        lines += [_truth_line(truth.score) for truth in truths if truth.camera == name]
    p50, p99 = summary.latency_ms.p50, summary.latency_ms.p99
    lines.append(f"Incidents        {summary.incidents}")
    if p50 is not None and p99 is not None:
        lines.append(f"Latency          capture to verdict p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    lines.append(f"Judged by        {summary.engine or 'nobody'}, bundle {summary.bundle or 'none'}")
    data_dir = Path(summary.data_dir)
    lines.append(f"Log              {data_dir / 'log.sqlite'}")
    lines.append(f"Evidence         {data_dir / 'evidence'}")
    lines += [f"Overlay video    {film}" for film in films]
    return "\n".join(lines)


def films_of(line: LineSettings, summary: SessionSummary) -> tuple[Path, ...]:
    """The overlay videos of the session that exist."""
    folder = line.data_dir / VIDEO_FOLDER
    names = [f"{name}-{run}" for name, camera in summary.cameras.items() for run in camera.runs]
    return tuple(path for name in names for path in sorted(folder.glob(f"{name}*.mp4")))


def _camera(name: str, books: list[RunBook], unreadable: int) -> CameraSummary:
    mine = [book for book in books if book.camera == name and not book.challenge]
    count = counts(name, books)
    return CameraSummary(
        runs=[book.run for book in mine],
        captured=count.captured,
        good=count.good,
        bad=count.bad,
        unknown=count.unknown,
        dropped=count.dropped,
        ledger_closed=count.ledger_closed,
        digest=f"{sum(book.digest for book in mine) % DIGEST_MODULUS:064x}",
        lost=sum(book.lost for book in mine),
        notes=[book.note for book in mine if book.note],
        unreadable=unreadable,
    )


def _camera_lines(name: str, camera: CameraSummary) -> list[str]:
    dropped = ", ".join(f"{n} dropped ({reason})" for reason, n in sorted(camera.dropped.items())) or "none dropped"
    judged = f"{camera.good} GOOD, {camera.bad} BAD, {camera.unknown} UNKNOWN"
    lines = [
        f"Camera {name}",
        f"  Frames         {camera.captured}: {judged}, {dropped}",
        f"  Ledger         {_ledger_words(camera)}",
    ]
    return lines + [f"  Ended          {note}" for note in camera.notes]


def _ledger_words(camera: CameraSummary) -> str:
    if not camera.runs:
        return "empty: the camera gave no picture"
    return "closed: every frame is accounted for" if camera.ledger_closed else "OPEN: some frames are not accounted for"


def _truth_line(score: Score) -> str:
    alarms = {0: "no false alarm", 1: "1 false alarm"}.get(score.false_alarms, f"{score.false_alarms} false alarms")
    return f"  Against truth  {score.found} of {score.scratched} scratched parts found, {alarms}"
