"""Cuts the power at any step of a traced line: what is left, what the next start makes of it, and what was lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tools.power_cut_check import breaks_after_start, breaks_at_once
from tools.power_cut_disk import Disk
from tools.power_cut_fates import FATES, choice_of
from tools.power_cut_line import ROOT, Traced, start_line, start_recorder
from tools.power_cut_steps import Step
from tools.power_cut_trace import read_trace
from tools.power_cut_wire import Conversation, Promises


@dataclass(frozen=True, order=True)
class Cut:
    """The power goes after so many steps of the trace."""

    step: int
    fate: str  # a key of FATES


@dataclass(frozen=True)
class Outcome:
    """What a cut came to."""

    cut: Cut
    acknowledged: int  # frames, at that moment
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """A moment of the trace: how many steps it is after, the disk, and what had been promised."""

    count: int
    disk: Disk
    promises: Promises


@dataclass(frozen=True)
class Trial:
    """A traced line."""

    traced: Traced
    processes: tuple[list[Step], ...]  # the steps of each recorder, one after the other
    frames: int

    @classmethod
    def of(cls, traced: Traced, frames: int) -> Trial:
        """Raises TraceError where the trace cannot be replayed."""
        return cls(traced, tuple(read_trace(path, ROOT) for path in traced.traces), frames)

    def boundaries(self) -> list[int]:
        """After how many steps something has changed of what is, or is not yet, on disk."""
        found, before = [0], 0
        for moment in self.replayed():
            if moment.disk.changes != before:
                found.append(moment.count)
                before = moment.disk.changes
        return found

    def try_cuts(self, cuts: Sequence[Cut], seed: int, work: Path, *, whole_line: bool) -> Iterator[Outcome]:
        """Each cut, by its place in the trace. `whole_line` False: the next start is the recorder's alone."""
        waiting = sorted(cuts)
        for moment in self.replayed():
            while waiting and waiting[0].step == moment.count:
                cut = waiting.pop(0)
                root = work / f"{cut.step}"
                moment.disk.leave(root, choice_of(cut.fate, Random(f"{seed} {cut.step} {cut.fate}")))
                yield self._tried(cut, root / "data", moment.promises, whole_line=whole_line)
                shutil.rmtree(root)

    def replayed(self) -> Iterator[Moment]:
        """The trace, step by step; disk and promises are the same ones, and grow."""
        disk, promises, count = Disk(self.traced.root), Promises(), 0
        yield Moment(count, disk, promises)
        for steps in self.processes:
            conversation = Conversation(promises)
            for step in steps:
                disk.apply(step)
                conversation.apply(step)
                count += 1
                yield Moment(count, disk, promises)
            disk.ended()

    def _tried(self, cut: Cut, data_dir: Path, promises: Promises, *, whole_line: bool) -> Outcome:
        breaks = breaks_at_once(data_dir, promises, self.frames)
        if whole_line:
            code, said = start_line(self.traced.file, data_dir)
            if code != 0:
                breaks.append(f"the next start ended with exit code {code}: {said[-2000:]}")
        else:
            start_recorder(self.traced.file, data_dir)
        breaks += breaks_after_start(data_dir, promises, self.frames)
        return Outcome(cut, len(promises.frames), tuple(breaks))


def drawn_cuts(boundaries: Sequence[int], count: int, seed: int) -> list[Cut]:
    """So many cuts at different boundaries, spread over the whole trace; the fates take turns."""
    random = Random(seed)
    fates = list(FATES)
    share = len(boundaries) / count
    places = [boundaries[min(int((at + random.random()) * share), len(boundaries) - 1)] for at in range(count)]
    return [Cut(place, fates[number % len(fates)]) for number, place in enumerate(places)]
