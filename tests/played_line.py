"""Plays a line for tests of the display: real rings, real sockets, real processes; the verdicts are made up.

`PlayedLine` publishes as inspector, capture, recorder and supervisor do; `displayed` is a display in its own process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from stream.display import run
from stream.evidence import write_evidence
from stream.heart import Heart, clear, last_beat, stopping_on_signals
from stream.links import Link, Links
from stream.messages import (
    CameraCounts,
    CameraStatus,
    DefectRecord,
    FrameRef,
    HouseStatus,
    IncidentRecord,
    Judged,
    LineStatus,
    RoleStatus,
    VerdictRecord,
)
from stream.page_address import address_of, open_socket
from stream.places import Places
from stream.ring import Ring
from stream.settings import LineSettings
from stream.wire import pack_mask
from tests.recordings import numbered_frame

SLOTS = 4
STARTING_S, ENDING_S = 100.0, 60.0


class PlayedLine:
    """One camera `belt`, its inspector, the recorder and the supervisor, all played."""

    def __init__(self, places: Places, size: tuple[int, int] = (640, 480), camera: str = "belt") -> None:
        self.camera = camera
        self.size = size
        self.run = time.time_ns() // 1000
        self.ring = Ring.create(places.ring(camera, 1), slots=SLOTS, slot_bytes=size[0] * size[1] * 3)
        self._links = Links()
        self._inspector = self._links.publish(places.socket("inspect-1-live"))
        self._capture = self._links.publish(places.socket(f"capture-{camera}-live"))
        self._recorder = self._links.publish(places.socket("record-live"))
        self._house = self._links.publish(places.socket("house-live"))
        self.next_seq = 0
        self.incidents: tuple[IncidentRecord, ...] = ()

    def picture(self, seq: int, state: str) -> np.ndarray:
        return numbered_frame(seq, self.size, bad=state == "BAD")

    def judge(self, state: str, *, reason: str | None = None) -> Judged:
        """The next frame, in its slot, with a verdict; nothing is published yet."""
        seq, slot = self.next_seq, self.next_seq % SLOTS
        self.next_seq += 1
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        self.ring.write(
            slot,
            self.picture(seq, state),
            run=self.run,
            seq=seq,
            captured_mono_ns=now_ns,
            captured_utc_ns=utc_ns,
            pts_s=None,
            problem=None,
        )
        lock = self.ring.header(slot).lock
        width, height = self.size
        frame = FrameRef(
            self.camera, self.run, seq, now_ns, utc_ns, None, "h", "b", self.ring.name, slot, lock, height, width
        )
        return Judged("inspect 1", frame, self.verdict(state, reason), time.monotonic_ns())

    def verdict(self, state: str, reason: str | None) -> VerdictRecord:
        width, height = self.size
        box = (width - 90, height - 90, width - 30, height - 30)
        mask = np.zeros((height, width), np.uint8)
        mask[box[1] : box[3], box[0] : box[2]] = np.eye(60, dtype=np.uint8)
        bad = state == "BAD"
        return VerdictRecord(
            state=state,
            score={"GOOD": 0.03, "BAD": 0.97}.get(state),
            reason=reason,
            defects=(DefectRecord("scratch", 0.91, box, 60, 84.9, 1.4),) if bad else (),
            mask=pack_mask(mask) if bad else None,
            mask_sha256="",
            bundle_id="codes-1",
            settings_id="a1b2c3d4e5f6",
            stages_ms=(1.0, 4.2, 12.5 if bad else 0.0, 0.4),
        )

    def publish(self, judged: Judged) -> None:
        self._inspector.send(judged)

    def say(self, state: str = "running", text: str = "", **counts: int) -> None:
        """What capture, recorder and supervisor say of themselves."""
        self._capture.send(CameraStatus(self.camera, self.run, state, text, self.next_seq, 25.0, 0, 0.0, {}, 0, True))
        seen = CameraCounts(
            self.camera,
            captured=self.next_seq,
            good=counts.get("good", self.next_seq),
            bad=counts.get("bad", 0),
            unknown=counts.get("unknown", 0),
            dropped={"newest": counts["dropped"]} if "dropped" in counts else {},
            ledger_closed=state == "ended",
            incidents=len(self.incidents),
        )
        self.say_line(LineStatus("s", "onnxruntime cpu", "codes-1", (seen,), self.incidents, 21.0, 48.0, ()))
        roles = tuple(RoleStatus(name, "running", 0, "") for name in (f"capture {self.camera}", "inspect 1", "record"))
        self.say_house(HouseStatus(roles, ()))

    def say_line(self, status: LineStatus) -> None:
        self._recorder.send(status)

    def say_house(self, status: HouseStatus) -> None:
        self._house.send(status)

    def garbage(self, data: bytes) -> None:
        """Bytes that are none of our messages, on the inspector's socket."""
        link: Link = self._inspector
        link.socket.send(data)

    def keep(self, data_dir: Path, judged: Judged) -> IncidentRecord:
        """Writes a frame's evidence, as the recorder does, and lists its incident."""
        picture = self.picture(judged.frame.seq, judged.verdict.state)
        mask = np.zeros(picture.shape[:2], np.uint8)
        mask[-90:-30, -90:-30] = np.eye(60, dtype=np.uint8)
        folder = write_evidence(data_dir, judged, picture, mask, None)
        seq = judged.frame.seq
        incident = IncidentRecord(self.camera, self.run, seq, seq, seq, 0.97, 1, judged.frame.captured_utc_ns, folder)
        self.incidents = (incident, *self.incidents)
        return incident

    def close(self) -> None:
        self._links.close()
        self.ring.close()


class Running:
    """Plays the line at 25 frames a second in a thread, until told to fall silent."""

    def __init__(self, played: PlayedLine, late: Judged | None = None) -> None:
        """`late` is published anew beside each frame."""
        self.played = played
        self.late = late
        self.state, self.reason = "GOOD", None
        self.judging, self.saying = True, True
        self.camera_state, self.text = "running", ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def become(self, state: str, reason: str | None = None) -> None:
        self.state, self.reason = state, reason

    def _play(self) -> None:
        while not self._ending.wait(0.04):
            if self.late is not None:
                self.played.publish(self.late)
            if self.judging:
                self.played.publish(self.played.judge(self.state, reason=self.reason))
            if self.saying:
                self.played.say(self.camera_state, self.text)

    def close(self) -> None:
        self._ending.set()
        self._thread.join(ENDING_S)


@contextlib.contextmanager
def running(played: PlayedLine, late: Judged | None = None) -> Iterator[Running]:
    playing = Running(played, late)
    try:
        yield playing
    finally:
        playing.close()


def start_display(line: LineSettings, places: Places, listening: socket.socket) -> BaseProcess:
    """A display in a process of its own, as the supervisor starts it; its heart beats already."""
    clear(places.heart("display"))
    process = multiprocessing.get_context("spawn").Process(target=_display, args=(line, places, listening))
    process.start()
    deadline = time.monotonic() + STARTING_S
    while last_beat(places.heart("display"))[0] == 0:
        assert process.is_alive() and time.monotonic() < deadline, "the display does not start"
        time.sleep(0.02)
    return process


@contextlib.contextmanager
def displayed(line: LineSettings, places: Places) -> Iterator[str]:
    """The address of a display that runs in its own process; it must end well when it is told to stop."""
    with open_socket(line.display) as listening:
        process = start_display(line, places, listening)
        try:
            yield address_of(listening).rstrip("/")
        finally:
            process.terminate()
            process.join(ENDING_S)
            ended, code = not process.is_alive(), process.exitcode
            process.kill()
            process.join(5)
        assert ended and code == 0, f"the display did not end well: {code}"


def _display(line: LineSettings, places: Places, listening: socket.socket) -> None:
    heart = Heart(places.heart("display"))
    with stopping_on_signals(heart, supervised=True):
        run(line, places, heart, listening, "s")
