"""What a recorder was told and what it promised, read from the bytes on its sockets. Knows no disk.

An acknowledgement counts from the moment in which its bytes are handed to the kernel: from then on the sender may let
go of the frame. Framing: ZMTP 3.0 (RFC 23), greeting of 64 bytes, then frames of flags, length, body.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.messages import Judged, Message, Recorded, Release, Report, Reported
from stream.wire import MAGIC, WireError, decode
from tools.power_cut_steps import Closed, Received, Sent, Step

GREETING = 64
MORE, LONG, COMMAND = 1, 2, 4  # flags of a frame

Frame = tuple[str, int, int]  # camera, run, seq


@dataclass
class Promises:
    """What the recorder has said is on disk, and what it had been told about it."""

    frames: dict[Frame, str] = field(default_factory=dict)  # acknowledged, with the state that was told
    reports: list[Report] = field(default_factory=list)  # acknowledged


@dataclass
class _Stream:
    """One direction of one connection."""

    buffer: bytearray = field(default_factory=bytearray)
    greeted: bool = False

    def messages(self, content: bytes) -> list[Message]:
        """Whole messages that end in these bytes."""
        self.buffer += content
        if not self.greeted:
            if len(self.buffer) < GREETING:
                return []
            del self.buffer[:GREETING]
            self.greeted = True
        found = []
        while (body := self._frame()) is not None:
            if body.startswith(MAGIC):
                found.append(_decoded(body))
        return [message for message in found if message is not None]

    def _frame(self) -> bytes | None:
        if len(self.buffer) < 2:
            return None
        wide = bool(self.buffer[0] & LONG)
        head = 9 if wide else 2
        if len(self.buffer) < head:
            return None
        size = int.from_bytes(self.buffer[1:head], "big")
        if len(self.buffer) < head + size:
            return None
        body = b"" if self.buffer[0] & COMMAND else bytes(self.buffer[head : head + size])
        del self.buffer[: head + size]
        return body


class Conversation:
    """Follows the sockets of one recorder, step by step, and adds to what others have promised before it."""

    def __init__(self, promises: Promises) -> None:
        self.promises = promises
        self._sent: dict[int, _Stream] = {}
        self._received: dict[int, _Stream] = {}
        self._told: dict[Frame, str] = {}
        self._reports: dict[tuple[str, int, int], Report] = {}

    def apply(self, step: Step) -> None:
        if isinstance(step, Received):
            for message in self._received.setdefault(step.descriptor, _Stream()).messages(step.content):
                self._hear(message)
        elif isinstance(step, Sent):
            for message in self._sent.setdefault(step.descriptor, _Stream()).messages(step.content):
                self._say(message)
        elif isinstance(step, Closed):
            self._sent.pop(step.descriptor, None)
            self._received.pop(step.descriptor, None)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Judged):
            frame = message.frame
            self._told.setdefault((frame.camera, frame.run, frame.seq), message.verdict.state)
        elif isinstance(message, Report):
            self._reports[message.camera, message.run, message.serial] = message

    def _say(self, message: Message) -> None:
        if isinstance(message, Recorded) or (isinstance(message, Release) and message.committed):
            for key in message.keys:
                frame = (message.camera, key.run, key.seq)
                self.promises.frames[frame] = self._told.get(frame, "")
        elif isinstance(message, Reported):
            report = self._reports.get((message.camera, message.run, message.serial))
            if report is not None:
                self.promises.reports.append(report)


def _decoded(body: bytes) -> Message | None:
    try:
        return decode(body)
    except WireError:
        return None
