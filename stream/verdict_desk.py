"""What a verdict goes through on its way into the books: film, sample, and evidence where its picture is wanted.

Knows no socket and no disk; whether its run may have a book is asked before.
"""

from __future__ import annotations

from detector.regions import Where
from stream.bookkeeping import Bookkeeping
from stream.evidence_desk import EvidenceDesk
from stream.filming import Filming
from stream.messages import Judged
from stream.recipes import wheres_of
from stream.samples_desk import SamplesDesk
from stream.settings import LineSettings


class VerdictDesk:
    """The verdicts of all cameras."""

    def __init__(
        self, line: LineSettings, books: Bookkeeping, filming: Filming, samples: SamplesDesk, evidence: EvidenceDesk
    ) -> None:
        self._line = line
        self._wheres = {camera.name: wheres_of(line, camera.name) for camera in line.cameras}
        self._books = books
        self._filming = filming
        self._samples = samples
        self._evidence = evidence

    def take(self, judged: Judged) -> None:
        """A verdict has come, or has come again. Whoever wants its pixels takes them now."""
        if self._books.full:
            return  # unacknowledged: the inspector will say it again
        if self._books.knows(judged):
            if not self._books.in_hand(judged):
                self._books.judged(judged)
            return
        where, newest = self._settings_of(judged)
        if self._line.recorder.overlay_video and not judged.frame.challenge:
            self._filming.take(judged, where, may_wait=not newest)
        if not judged.frame.challenge:
            self._samples.take(judged, where)
        if not (self._books.wants_pixels(judged) and self._evidence.take(judged, where)):
            self._books.judged(judged)

    def _settings_of(self, judged: Judged) -> tuple[Where, bool]:
        """What of the picture was judged, and whether its camera's oldest frames give way."""
        known = self._line.camera(judged.frame.camera)
        return self._wheres[known.name].get(judged.verdict.recipe, known.where), known.newest
