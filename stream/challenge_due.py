"""Which challenges are due, for people: the status of each camera, and an alarm where one is overdue. No clock."""

from __future__ import annotations

from datetime import tzinfo

from stream.challenge import Timing, due_since, overdue, overdue_alarm
from stream.challenge_book import ChallengeBook
from stream.messages import ChallengeStatus
from stream.settings import LineSettings
from stream.shifts import shift_at, times_of


class Due:
    """The settings that say when."""

    def __init__(self, line: LineSettings, since_ns: int, zone: tzinfo | None = None) -> None:
        """`since_ns`: when the recorder began; `zone` None: the computer's own."""
        self._settings = {camera.name: camera.challenge for camera in line.cameras}
        self._times = times_of(line.figures.shifts)
        self._since_ns = since_ns
        self._zone = zone

    def since(self, book: ChallengeBook, camera: str, now_ns: int) -> int | None:
        """Since when a challenge of that camera is due; None: none is."""
        shift = shift_at(now_ns, self._times, self._zone)
        timing = Timing(now_ns, self._since_ns, book.decided_ns.get(camera, 0), shift)
        return due_since(self._settings[camera], timing)

    def alarms(self, book: ChallengeBook, now_ns: int) -> tuple[str, ...]:
        """Where nobody has challenged a camera in time."""
        found = ((camera, self.since(book, camera, now_ns)) for camera in self._settings)
        return tuple(
            overdue_alarm(camera, since_ns)
            for camera, since_ns in found
            if since_ns is not None and overdue(self._settings[camera], since_ns, now_ns)
        )

    def status(self, book: ChallengeBook, now_ns: int) -> tuple[ChallengeStatus, ...]:
        """How each camera stands."""
        return tuple(
            ChallengeStatus(
                camera=camera,
                due_utc_ns=self.since(book, camera, now_ns) or 0,
                open=any(begun.camera == camera for begun in book.open.values()),
                last_utc_ns=book.last[camera][0].utc_ns if camera in book.last else 0,
                last_result=book.last[camera][1].result if camera in book.last else "",
                counts={result: n for (of, result), n in book.counts.items() if of == camera},
            )
            for camera in self._settings
        )
