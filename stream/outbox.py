"""Verdicts that the recorder has not acknowledged yet: sent again until it does."""

from __future__ import annotations

from dataclasses import dataclass

from stream.links import Link
from stream.messages import Judged, Key, Message, Recorded

REPEAT_S = 1.0  # an unacknowledged verdict is sent again after this long
REPEAT_MAX = 64  # verdicts repeated at once
FULL = 1000  # with so many unacknowledged, the inspector asks for no more frames


@dataclass
class _Sent:
    judged: Judged
    when_s: float


class Outbox:
    """What was sent and is not on disk yet."""

    def __init__(self, recorder: Link) -> None:
        self._recorder = recorder
        self._sent: dict[tuple[str, Key], _Sent] = {}

    def send(self, judged: Judged, now_s: float) -> None:
        """Sends a verdict, and keeps it until it is acknowledged."""
        self._sent[judged.frame.camera, judged.frame.key] = _Sent(judged, now_s)
        self._recorder.send(judged)

    def hear(self, message: Message) -> None:
        if isinstance(message, Recorded):
            for key in message.keys:
                self._sent.pop((message.camera, key), None)

    def repeat(self, now_s: float) -> None:
        """Sends again what has waited too long: a recorder that died took it along."""
        late = [sent for sent in self._sent.values() if now_s - sent.when_s >= REPEAT_S]
        for sent in late[:REPEAT_MAX]:
            sent.when_s = now_s
            self._recorder.send(sent.judged)

    @property
    def full(self) -> bool:
        return len(self._sent) >= FULL

    def __len__(self) -> int:
        return len(self._sent)
