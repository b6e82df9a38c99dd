"""Which clips are to be made now, and from when on the recording is still needed. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from stream.clips_log import EVER, Extent, RunState
from stream.segments import Segment, ticks
from stream.settings import ClipSettings

LONGEST_S = 60.0  # of an incident in one clip; what lasts longer gets several


@dataclass(frozen=True)
class Done:
    """How far the clips of a run are: all incidents before `first_seq`, and so many parts of that one."""

    first_seq: int = 0
    parts: int = 0


@dataclass(frozen=True)
class Wish:
    """A clip that can be made now; times in ticks from the run's first picture."""

    incident: Extent
    part: int  # 1, 2 … of an incident that is longer than one clip
    begin: int
    end: int
    then: Done  # how far the clips are once it is made


@dataclass(frozen=True)
class Plan:
    """What to do in a run."""

    due: tuple[Wish, ...]
    unseen: tuple[Extent, ...]  # incidents that are over, and of which nothing was recorded
    needed_from: int  # ticks: all before is needed by no clip
    over: bool  # no clip will be wanted any more
    done: Done  # once all that is due is made


@dataclass(frozen=True)
class Recording:
    """What is there of a run's pictures."""

    frames: tuple[tuple[int, int], ...]  # seq and ticks, in the order of seq
    reach: int  # ticks: up to there it lies on the disk
    ended: bool  # nothing will come any more

    def at(self, seq: int) -> int | None:
        """When a frame was recorded: itself, else the last before it, else the first after it."""
        if not self.frames:
            return None
        place = bisect_right(self.frames, (seq, EVER)) - 1
        return self.frames[max(0, place)][1]

    def shows(self, incident: Extent) -> bool:
        """Whether one of its frames was recorded."""
        place = bisect_left(self.frames, (incident.first_seq, 0))
        return place < len(self.frames) and self.frames[place][0] <= incident.last_seq

    def first_of(self, incident: Extent) -> int:
        """Ticks of the first of its frames that was recorded; of the last before it where none was."""
        place = bisect_left(self.frames, (incident.first_seq, 0))
        return self.frames[place][1] if self.shows(incident) else self.before(incident)

    def shows_after(self, incident: Extent) -> bool:
        """Whether a later frame was recorded: none of it will come any more."""
        return bool(self.frames) and self.frames[-1][0] > incident.last_seq

    def before(self, incident: Extent) -> int:
        """Ticks of the last frame that was recorded before it."""
        return self.at(incident.first_seq) or 0


def recording_of(segments: Sequence[Segment], *, ended: bool) -> Recording:
    """All segments of a run that are there, in order. `ended`: whoever recorded it is gone."""
    frames = sorted({frame for segment in segments for frame in segment.frames})
    last = segments[-1] if segments else None
    over = ended or (last is not None and last.ended)
    reach = max((s.last if s.ended or ended else s.to or 0 for s in segments), default=0)
    return Recording(tuple(frames), reach, over)


def plan(run: RunState, recording: Recording, done: Done, gap: int, clips: ClipSettings) -> Plan:
    """What is to be done in a run of which all incidents from `done` on are known."""
    due: list[Wish] = []
    unseen: list[Extent] = []
    needed = EVER if run.ended else (recording.at(run.settled) or 0) - ticks(clips.pre_s)
    for incident in run.incidents:
        over = run.ended or run.settled > incident.last_seq + gap
        parts = done.parts if incident.first_seq == done.first_seq else 0
        if not recording.shows(incident):
            if not (over and (recording.ended or recording.shows_after(incident))):
                needed = min(needed, recording.before(incident) - ticks(clips.pre_s))
                break
            unseen.append(incident)
            done = Done(incident.first_seq + 1)
            continue
        wishes, begin = _parts(incident, parts, over, run, recording, clips)
        due += wishes
        done = wishes[-1].then if wishes else done
        if done.first_seq <= incident.first_seq:  # its end is still to come
            needed = min(needed, begin)
            break
    else:
        return Plan(tuple(due), tuple(unseen), needed, run.ended, done)
    return Plan(tuple(due), tuple(unseen), needed, False, done)


def _parts(
    incident: Extent, parts: int, over: bool, run: RunState, recording: Recording, clips: ClipSettings
) -> tuple[list[Wish], int]:
    """The parts of an incident that can be made now, and where the next one would begin."""
    first, last = recording.first_of(incident), recording.at(incident.last_seq) or 0
    longest, found = ticks(LONGEST_S), list[Wish]()
    while True:
        begin = first + parts * longest if parts else first - ticks(clips.pre_s)
        full = first + (parts + 1) * longest
        if last >= full:
            end, then, ready = full, Done(incident.first_seq, parts + 1), recording.reach >= full
        else:
            end, then = last + ticks(clips.post_s), Done(incident.first_seq + 1)
            ready = over and (recording.reach >= end or (run.ended and recording.ended))
        if not ready:
            return found, begin
        parts += 1
        found.append(Wish(incident, parts, begin, end, then))
        if then.first_seq > incident.first_seq:
            return found, begin


def segments_for(segments: Sequence[Segment], wish: Wish) -> list[Segment]:
    """Those that a clip is cut from, in order: from the one that holds its beginning."""
    begins = [segment.head.begin for segment in segments]
    start = max(0, bisect_right(begins, max(wish.begin, 0)) - 1)
    return list(segments[start : max(start + 1, bisect_left(begins, wish.end + 1))])
