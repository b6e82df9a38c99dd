"""The recorder: keeps every verdict, every account and the evidence, and says so only when it is on disk.

The shell around bookkeeping.py (what goes into the next commit), defect_log.py (the commit), evidence.py and film.py.
What it hears stands in recorder_inbox.py, what it answers in acknowledging.py, what people see of it in
recorder_status.py.
"""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from stream.abandoned import Closing, cameras_here, left_in_rings
from stream.absent import Absent
from stream.acknowledging import Acknowledging
from stream.bookkeeping import Bookkeeping
from stream.challenge_desk import ChallengeDesk
from stream.claim import Claim
from stream.committing import Committer, SessionRow
from stream.configuration import dump_line
from stream.deed_desk import DeedDesk, user_name
from stream.evidence_desk import EvidenceDesk
from stream.filming import Filming
from stream.give_back import give_back_pictures
from stream.heart import Heart
from stream.kept_back import KeptBack
from stream.links import Link, Links
from stream.measured import Measured
from stream.messages import Challenge, Event
from stream.places import Places
from stream.recorder_inbox import TAKES, RecorderInbox
from stream.recorder_status import RecorderStatus
from stream.remembering import Remembering
from stream.retention import Retention
from stream.ring_views import RingViews
from stream.run_book import RunBook
from stream.samples_desk import SamplesDesk
from stream.samples_log import kept_before
from stream.secrets import redact
from stream.settings import LineSettings
from stream.staged import Staged, capture_name
from stream.unopened import Unopened
from stream.verdict_desk import VerdictDesk

STATUS_EVERY_S = 0.25
LEAST_TURN_S, MOST_TURN_S = 0.005, 0.2  # that a turn may wait for news: it must not spin, and it must beat


def run(line: LineSettings, places: Places, heart: Heart, session: str) -> None:
    """Records until the heart says stop; then finishes what it has in hand."""
    give_back_pictures()
    claim = Claim(places.lock("record"), "a recorder of this line")
    links = Links(places.far)
    recorder = Recorder(line, places, links, session)
    try:
        while heart.beat():
            recorder.step(timeout_s=min(max(line.recorder.commit_ms / 1000, LEAST_TURN_S), MOST_TURN_S))
        recorder.look_around()
        recorder.step(timeout_s=0.05)  # what came while it was told to stop
        until = time.monotonic() + line.supervisor.stop_s
        while recorder.busy() and time.monotonic() < until:
            heart.alive()
            recorder.step(timeout_s=0.005)
    finally:
        recorder.close()
        links.flush_and_close(linger_s=0.2)
        claim.close()


class Recorder:
    """Sockets, disk and threads of the recorder; `step` is one turn of its work loop."""

    def __init__(self, line: LineSettings, places: Places, links: Links, session: str) -> None:
        self._line = line
        self._links = links
        self._peers: Link = links.serve(places.socket("record"), TAKES)
        self._live: Link = links.publish(places.socket("record-live"))
        self._views = RingViews(places.folder)
        self._started_utc_ns = time.time_ns()
        self._session = session
        parted = frozenset(camera.name for camera in line.cameras if camera.parts.told)
        gap = line.recorder.incident_gap_frames
        self._books = Bookkeeping(session, secrets.token_hex(8), gap, self._load_book, parted, time.time_ns)
        self._committer = Committer(line.data_dir, self._session_row(), line.recorder.commit_ms)
        scales = {camera.name: camera.mm_per_px for camera in line.cameras}
        self._evidence = EvidenceDesk(line.data_dir, self._views, self._books, line.recorder, scales)
        self._deeds = DeedDesk(line.data_dir, self._books)
        self._filming = Filming(line.data_dir, self._views)
        self._samples = SamplesDesk(line, self._views, self._books, partial(kept_before, line.data_dir))
        self._retention = Retention(line, self._books)
        kept_back = KeptBack(line.recorder.unrecorded_bad_max)
        self._acknowledging = Acknowledging(self._peers, self._books, self._filming, kept_back)
        absent = Absent(line, time.monotonic())
        self._status_at = 0.0
        left = left_in_rings(places, cameras_here(line))
        self._closing = Closing(line, left, session)
        self._remembering = Remembering(line.data_dir, session, gap)
        self._measured = Measured(self._books.recorder, partial(free_bytes, line.data_dir))
        self._books.on_new.append(self._measured.judged)
        self._challenges = ChallengeDesk(line, self._books, self._ask_capture)
        unopened = Unopened(line.data_dir, cameras_here(line), left)
        self._told = RecorderStatus(
            line.data_dir,
            self._books,
            self._committer,
            self._evidence,
            self._challenges,
            self._retention,
            absent,
            self._measured,
        )
        self._inbox = RecorderInbox(
            line,
            self._peers,
            self._books,
            VerdictDesk(line, self._books, self._filming, self._samples, self._evidence),
            self._challenges,
            self._committer,
            unopened,
            absent,
            self._told,
        )

    def step(self, timeout_s: float) -> None:
        """Takes what has arrived, and answers what is on disk."""
        self._challenges.step(log_is_open=self._committer.log is not None)
        self._closing.step(self._books, self._committer.log)
        self._remembering.step(self._books, self._committer.log)
        self._links.wait(0.0 if self._remembering.going_on else self._committer.pause_s(self._books, timeout_s))
        self._inbox.listen()
        self._filming.step()
        self._evidence.step()
        self._samples.step(evidence_waits=self._evidence.busy())
        self._retention.step()
        self._challenges.step(log_is_open=self._committer.log is not None)
        written = self._committer.step(self._books)
        if written is not None:
            self._books.written(written)
            self._measured.committed(self._committer.took_s)
            self._closing.written(written)
            self._acknowledging.written(written)
            self._end_films(written)
        self._acknowledging.release_early(self._committer, self._evidence)
        now = time.monotonic()
        if now >= self._status_at and not self._remembering.too_early:
            self._status_at = now + STATUS_EVERY_S
            self._inbox.mind_garbage()
            self._deeds.step(now)
            for said in self._links.refused():
                self._books.event(Event("", 0, "refused", said, time.time_ns()))
            self._live.send(self._told.status())

    def look_around(self) -> None:
        """What was done beside the page, until now, goes into the next commit."""
        self._deeds.look()

    def busy(self) -> bool:
        """Whether something is not on disk yet that could get there."""
        desks = (self._evidence, self._filming, self._samples, self._retention)
        return self._committer.busy(self._books) or any(desk.busy() for desk in desks)

    def close(self) -> None:
        self._evidence.close()
        self._samples.close()
        self._retention.close()
        self._filming.close()
        self._views.close()
        self._committer.close()

    def _session_row(self) -> SessionRow:
        cameras = tuple(replace(c, source=redact(c.source)) for c in self._line.cameras)
        settings = dump_line(replace(self._line, cameras=cameras))
        gap = self._line.recorder.incident_gap_frames
        return SessionRow(self._session, self._started_utc_ns, self._line.name, settings, gap, user_name())

    def _ask_capture(self, challenge: Challenge) -> None:
        self._peers.send(challenge, to=capture_name(challenge.camera).encode())

    def _end_films(self, staged: Staged) -> None:
        """A run whose every frame is accounted for needs its encoder no more."""
        for book in staged.batch.books.values():
            if book.closed:
                self._filming.end(book.camera, book.run)

    def _load_book(self, camera: str, run: int) -> RunBook | None:
        if self._committer.log is None:
            return None
        return self._committer.log.book(camera, run, self._line.recorder.incident_gap_frames)


def free_bytes(data_dir: Path) -> int:
    """Of the disk of the log; 0 where it says nothing."""
    try:
        return shutil.disk_usage(data_dir).free
    except OSError:
        return 0
