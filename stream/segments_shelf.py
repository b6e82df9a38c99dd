"""The segments of one run as they are known: looked at again and again while it grows, without reading all of it."""

from __future__ import annotations

from pathlib import Path

from stream.segments import Segment, film_of, list_of, numbers_in, read_segment


class RunSegments:
    """Those from a moment on; what is older is forgotten, and deleted where it is not to be kept."""

    def __init__(self, folder: Path, needed_seq: int, before_ticks: int) -> None:
        """`needed_seq`: what is known of frames below is read only so far back as `before_ticks` before that one."""
        self.folder = folder
        self._known: dict[int, Segment] = {}
        numbers = numbers_in(folder)
        self._newest = numbers[-1] if numbers else 0
        least: int | None = None
        for number in reversed(numbers):
            segment = read_segment(folder, number)
            if segment is None:
                continue
            self._known[number] = segment
            if least is None and segment.frames and segment.frames[0][0] < needed_seq:
                least = segment.head.begin - before_ticks
            if least is not None and segment.head.begin <= least:
                break

    def look(self) -> tuple[Segment, ...]:
        """All that is known, in order, with what has come since the last time."""
        before = self._newest
        while list_of(self.folder, self._newest + 1).exists():
            self._newest += 1
        # Since the last time several may have been begun: what was open then may have grown before they were.
        for number in range(max(before - 1, 1), self._newest + 1):
            self._read(number)
        return tuple(self._known[number] for number in sorted(self._known))

    def forget(self, before: int, *, delete: bool, whole: bool = False) -> None:
        """What ends before these ticks is needed no more; never the newest, unless `whole`. Raises OSError."""
        for number in sorted(self._known):
            segment = self._known[number]
            if not whole and (number == self._newest or segment.last >= before):
                continue
            del self._known[number]
            if delete:
                film_of(self.folder, number).unlink(missing_ok=True)
                list_of(self.folder, number).unlink(missing_ok=True)

    def _read(self, number: int) -> None:
        known = self._known.get(number)
        if number and (known is None or not known.ended) and (segment := read_segment(self.folder, number)):
            self._known[number] = segment
