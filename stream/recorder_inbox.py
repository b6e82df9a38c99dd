"""What the recorder hears from its peers, each message to the part of it that acts on it.

What waits for the disk is answered in acknowledging.py; here, what need not.
"""

from __future__ import annotations

import logging
import time

from stream.absent import Absent
from stream.bookkeeping import Bookkeeping
from stream.challenge_desk import ChallengeDesk
from stream.committing import Committer
from stream.links import Link
from stream.log_error import LOG_ERRORS
from stream.messages import Act, Event, InspectorUp, Judged, Message, Recall, Report
from stream.recorder_status import RecorderStatus
from stream.settings import LineSettings
from stream.unopened import Unopened
from stream.verdict_desk import VerdictDesk

log = logging.getLogger("linewatch")
TAKES = (Judged, Report, Recall, Event, InspectorUp, Act)


class RecorderInbox:
    """Messages of inspectors, captures and the page."""

    def __init__(
        self,
        line: LineSettings,
        peers: Link,
        books: Bookkeeping,
        verdicts: VerdictDesk,
        challenges: ChallengeDesk,
        committer: Committer,
        unopened: Unopened,
        absent: Absent,
        told: RecorderStatus,
    ) -> None:
        self._cameras = {"", *(camera.name for camera in line.cameras)}  # no name: the line as a whole
        self._peers = peers
        self._books = books
        self._verdicts = verdicts
        self._challenges = challenges
        self._committer = committer
        self._unopened = unopened
        self._absent = absent
        self._told = told
        self._strange = self._garbage = 0

    def listen(self) -> None:
        """Takes what has arrived."""
        for sender, message in self._peers.receive():
            if isinstance(message, Act):
                self._act(message, sender)
            else:
                self.take(message)

    def take(self, message: Message) -> None:
        """One message that asks for no answer but what is on disk."""
        if camera_of(message) not in self._cameras:
            self._strange += 1
        elif isinstance(message, Judged):
            if not self._must_wait(message.frame.camera, message.frame.run, by_capture=False):
                self._verdicts.take(message)
        elif isinstance(message, Report):
            if not self._must_wait(message.camera, message.run, by_capture=True):
                self._books.report(message)
        elif isinstance(message, Recall):
            self._recall(message)
        elif isinstance(message, Event):
            self._books.event(message)
            self._challenges.event(message)
        elif isinstance(message, InspectorUp):
            self._told.judged_by(message)
            self._absent.heard(message.inspector, time.monotonic())
            self._committer.judged_by(message.engine, message.bundle_id)

    def mind_garbage(self) -> None:
        """Messages that were none of ours are dropped, counted, and on record."""
        if (count := self._peers.garbage + self._strange) > self._garbage:
            self._garbage = count
            said = f"{self._garbage} messages so far were none of this line's; they were dropped"
            self._books.event(Event("", 0, "garbage", said, time.time_ns()))

    def _act(self, act: Act, sender: bytes) -> None:
        """Answered when it is on disk; what is refused, at once."""
        if refused := self._books.act(act, sender):
            self._peers.send(refused, to=sender)
        else:
            self._challenges.act(act)

    def _recall(self, recall: Recall) -> None:
        """Once all that is staged is on disk; but where the disk refuses or stalls, a capture need not wait for it."""
        if self._must_wait(recall.camera, recall.run, by_capture=True):
            return
        if not self._committer.refuses:
            self._books.recall(recall)
            return
        try:
            reply = self._books.recall_now(recall)
        except LOG_ERRORS as error:
            log.warning("%s: what the log has of run %d cannot be read now: %s", recall.camera, recall.run, error)
            return  # it asks again
        self._peers.send(reply.message, to=reply.to.encode())

    def _must_wait(self, camera: str, run: int, *, by_capture: bool) -> bool:
        """Without the log a run that may be on record gets no book: an empty one would be written over it."""
        return self._committer.log is None and not self._unopened.new(camera, run, by_capture=by_capture)


def camera_of(message: Message) -> str:
    """The camera that the message is about; empty: none, or the line as a whole."""
    if isinstance(message, Judged):
        return message.frame.camera
    return message.camera if isinstance(message, Report | Recall | Event) else ""
