"""Verdicts that the recorder has not acknowledged yet: sent again until it does."""

from __future__ import annotations

from dataclasses import dataclass

from stream.links import Link
from stream.messages import Judged, Key, Message, Recorded

REPEAT_S = 1.0  # an unacknowledged verdict is sent again after this long
REPEAT_MAX = 64  # verdicts repeated at once
GOOD_MAX = 4096  # of more unacknowledged GOOD verdicts the oldest is forgotten: the recorder has had it for long
PICTURES_FULL_BYTES = 256_000_000  # with so many bytes of pictures unacknowledged, too
FULL = 20_000  # with so many others unacknowledged, the inspector asks for no more frames


@dataclass
class _Sent:
    judged: Judged
    when_s: float


class Outbox:
    """What was sent and is not on disk yet."""

    def __init__(self, recorder: Link) -> None:
        self._recorder = recorder
        self._good: dict[tuple[str, Key], _Sent] = {}
        self._others: dict[tuple[str, Key], _Sent] = {}
        self._repeat_at_s = 0.0
        self._pictures = False  # whether any verdict ever took its picture along

    def send(self, judged: Judged, now_s: float) -> None:
        """Sends a verdict, and keeps it until it is acknowledged.

        A frame that is judged again meanwhile keeps its first verdict, as in the recorder's books: the second may be no
        more than UNKNOWN, for it came too late, and without the picture of a BAD one.
        """
        self._pictures = self._pictures or judged.picture is not None
        key = judged.frame.camera, judged.frame.key
        if first := self._others.get(key) or self._good.get(key):
            first.when_s = now_s
            self._recorder.send(first.judged)
            return
        kept = self._good if judged.verdict.state == "GOOD" else self._others
        kept[key] = _Sent(judged, now_s)
        if len(self._good) > GOOD_MAX:
            del self._good[next(iter(self._good))]
        self._recorder.send(judged)

    def hear(self, message: Message) -> None:
        if isinstance(message, Recorded):
            for key in message.keys:
                self._good.pop((message.camera, key), None)
                self._others.pop((message.camera, key), None)

    def repeat(self, now_s: float) -> None:
        """Sends again what has waited too long: a recorder that died took it along."""
        if now_s < self._repeat_at_s:
            return
        self._repeat_at_s = now_s + REPEAT_S / 4
        for kept in (self._others, self._good):
            late = [sent for sent in kept.values() if now_s - sent.when_s >= REPEAT_S]
            for sent in late[:REPEAT_MAX]:
                sent.when_s = now_s
                self._recorder.send(sent.judged)

    @property
    def full(self) -> bool:
        return len(self._others) >= FULL or self._picture_bytes() >= PICTURES_FULL_BYTES

    def _picture_bytes(self) -> int:
        if not self._pictures:
            return 0
        return sum(len(sent.judged.picture.content) for sent in self._others.values() if sent.judged.picture)

    def __len__(self) -> int:
        return len(self._good) + len(self._others)
