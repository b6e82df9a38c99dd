"""What came of a stored picture: its verdict, what the ledger has of it, or why it could not be shown.

In the recorder's work loop, which never waits for a file: challenge_choice.py looks for those. Knows books; no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stream.bookkeeping import Bookkeeping
from stream.challenge import UNDECIDED, Begun
from stream.challenge_choice import Choice, Choosing
from stream.challenge_verdicts import Found, of_outcome, of_picture
from stream.messages import CHALLENGE_SOURCE, Judged
from stream.run_book import RunBook
from stream.settings import ChallengeSettings


class Stored:
    """The stored pictures that open challenges show."""

    def __init__(self, settings: Mapping[str, ChallengeSettings], books: Bookkeeping) -> None:
        self._settings = settings
        self._books = books
        self._choosing = Choosing()
        self._judged: dict[str, tuple[Judged, str]] = {}  # that wait to know of the mask, and the picture's name

    def judged(self, begun: Begun, judged: Judged, book: RunBook) -> Found | None:
        """Its verdict has come; None where it waits to know where the mask is white."""
        self._judged[begun.id] = judged, _named(book)
        return self._by_verdict(begun)

    def came_of(self, begun: Begun) -> Found | None:
        """What is known by now, but that its time is over."""
        if begun.id in self._judged:
            return self._by_verdict(begun)
        choice = self.choice(begun)
        unusable = choice is not None and choice.wrong and begun.camera in self._settings
        return self._by_ledger(begun) or (Found(UNDECIDED, choice.wrong) if choice and unusable else None)

    def choice(self, begun: Begun, name: str = "") -> Choice | None:
        """What is shown; None: not known yet. `name`: of the picture, where capture has said it."""
        settings = self._settings.get(begun.camera)
        return self._choosing.of(begun, settings.pictures if settings else None, name)

    def late(self, begun: Begun, found: Found) -> Found:
        """Its time is over; the pictures are to blame where they have not answered."""
        if begun.camera in self._settings and self.choice(begun) is None:
            return Found(UNDECIDED, f"the stored pictures have not answered: {self._settings[begun.camera].pictures}")
        return found

    def name_of(self, begun: Begun) -> str:
        """Of the picture; empty where it is not known."""
        return self._choosing.name_of(begun)

    def forget(self, begun: Begun) -> None:
        """It has ended."""
        self._judged.pop(begun.id, None)
        self._choosing.forget(begun)

    def _by_verdict(self, begun: Begun) -> Found | None:
        """One that says BAD counts once it is known where the mask is white."""
        judged, name = self._judged[begun.id]
        choice = self.choice(begun, name) if judged.verdict.state == "BAD" else Choice()
        if choice is None:
            return None
        if choice.wrong:
            said = f"it was judged BAD, where its defect lies is not known: {choice.wrong}"
            return Found(UNDECIDED, said, judged, name=name)
        return replace(of_picture(judged, choice.box), name=name)

    def _by_ledger(self, begun: Begun) -> Found | None:
        """What capture said of the picture, or what was on record before this recorder came."""
        known = next((b for b in self._books.books() if (b.camera, b.run) == (begun.camera, begun.run)), None)
        outcome = known.ledger.outcome(0) if known is not None and known.challenge else None
        if known is None or outcome is None:
            return None
        name = _named(known)
        choice = self.choice(begun, name) if outcome == "BAD" else Choice()
        if choice is None:
            return None
        return replace(of_outcome(outcome, sure=not (choice.wrong or choice.box)), name=name)


def _named(book: RunBook) -> str:
    """The picture that a challenge's run shows; empty where capture has not said it yet."""
    return book.source.removeprefix(CHALLENGE_SOURCE)
