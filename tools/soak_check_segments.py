"""Invariants of continuous recording: what is listed is shown, and nothing is missing between without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tools.soak_check_clips import damaged_frames
from tools.soak_check_facts import Finding, Soak
from tools.soak_check_recorded import FOLDER, GRAIN, Segment, left_headless, read_recorded, shown

DELETED = "segments"  # as acts of retention name them
START_S = 2.0  # at the beginning of a copied run
TAIL_S = 10.0  # at the end of a run, of which the fragment in hand may be lost; a busy machine takes its time
HEARD_S = 30.0  # at either end of an encoded run: its role starts, hears of what is judged, and comes to it
IN_HAND_S = 2.0  # a fragment is written each second
REFUSED = "the disk refused"
COUNT = re.compile(r"(?:^|, )(\d+) ")
WRITER = "clips"  # the role that encodes; what is copied is written by its camera's capture


def segments_are_true(soak: Soak) -> Finding:
    """A list has its film, which shows each frame that it lists, and the number that it bears; none is of no run."""
    if not soak.continuous or soak.data_dir is None:
        return Finding(0, note="no recording is kept")
    breaks, checked, films = [], 0, 0
    for (camera, run), segments in read_recorded(soak.data_dir).items():
        captured = soak.runs[camera, run].captured if (camera, run) in soak.runs else 0
        captured += segments[0].copied  # one more was read, and not taken any more, when the line was stopped
        damaged = damaged_frames(soak, camera, run)
        for segment in _there(segments, soak):
            films += 1
            checked += len(segment.frames)
            breaks += [f"{segment.name}: {said}" for said in _untrue(segment, soak, captured, damaged)]
    return Finding(checked, tuple(breaks), f"in {films:,} films")


def gaps_are_told(soak: Soak) -> Finding:
    """Of what is copied each frame is there, of what is encoded each BAD one; what is not, the lists say in words."""
    if not soak.continuous or soak.data_dir is None:
        return Finding(0, note="no recording is kept")
    breaks, checked, told = [], 0, 0
    recorded = read_recorded(soak.data_dir)
    for camera, run in sorted(recorded.keys() | _owed(soak)):
        there = _there(recorded.get((camera, run), ()), soak)
        breaks += [f"{a.name}: the next is {b.number}" for a, b in pairwise(there) if not _follows(a, b)]
        copied = _is_copied(soak, camera, there)
        wanted, lacking = _lacking(soak, camera, run, there)
        missing = [seq for seq in lacking if not _interrupted(soak, camera, run, seq, copied=copied)]
        unsaid = _unsaid(there, missing, _in_hand(soak, camera))
        checked += wanted
        told += len(lacking) - len(unsaid)
        breaks += [f"{camera} run {run} frame {seq}: is in no film, and nothing says why" for seq in unsaid]
    return Finding(checked, tuple(breaks), f"{told:,} missing, which words or a fault explain")


def _owed(soak: Soak) -> set[tuple[str, int]]:
    """Each run of a camera whose recording is kept, also one of which nothing lies there."""
    runs = {(run.camera, run.run) for run in soak.log.runs if run.camera in soak.continuous}
    return {key for key in runs if not soak.is_challenge(*key)}


def _there(segments: Sequence[Segment], soak: Soak) -> list[Segment]:
    """Without what retention was about to delete when it was killed: the oldest, of which the film is gone."""
    first = next((at for at, segment in enumerate(segments) if segment.film.is_file()), len(segments))
    return list(segments[first:] if soak.deleted.get(DELETED) else segments)


def _follows(before: Segment, after: Segment) -> bool:
    """Whether nothing lay between the two but lists that nobody lived to begin."""
    between = range(before.number + 1, after.number)
    return before.number < after.number and all(left_headless(before.film.parent, number) for number in between)


def _untrue(segment: Segment, soak: Soak, captured: int, damaged: set[int]) -> Iterator[str]:
    if not segment.frames:
        return
    pictures, camera = shown(segment.film), soak.cameras.get(segment.camera)
    if pictures is None:
        yield "its film does not open, or is not there"
        return
    before = -1
    for at, seq in sorted(segment.frames.items()):
        when = f"frame {seq} is listed at {at / GRAIN:.3f} s"
        if not before < seq < captured:
            yield f"{when}, after frame {before} of a run of {captured}"
        before = seq
        if at not in pictures:
            yield f"{when}, and there is no picture then"
            continue
        number, wanted = pictures[at], None if camera is None else soak.number(camera, segment.run, seq)
        fit = camera is not None and not soak.unfit(camera, segment.run, seq) and seq not in damaged
        if fit and None not in (number, wanted) and number != wanted:
            yield f"{when}, and picture {number} is shown"


def _lacking(soak: Soak, camera: str, run: int, there: Sequence[Segment]) -> tuple[int, list[int]]:
    """How many frames must be in its films, or be spoken of; and those that are in none."""
    listed = {seq for segment in there for seq in segment.frames.values()}
    if (camera, run) not in soak.runs or camera not in soak.cameras:
        return 0, []
    wanted = (_copied if _is_copied(soak, camera, there) else _encoded)(soak, camera, run, there, listed)
    return len(wanted), sorted(wanted - listed)


def _copied(soak: Soak, camera: str, run: int, there: Sequence[Segment], listed: set[int]) -> set[int]:
    """Each, but for the first and the last moments; where retention took the beginning, from what is there on."""
    known, captured = soak.cameras[camera], soak.runs[camera, run].captured
    first = known.pictures_in(START_S) if _is_whole(soak, camera, run, there) else captured
    last = captured - 1 - known.pictures_in(TAIL_S)
    return set(range(min([first, *listed]), max([last, *listed]) + 1)) - damaged_frames(soak, camera, run)


def _encoded(soak: Soak, camera: str, run: int, there: Sequence[Segment], listed: set[int]) -> set[int]:
    """The BAD ones: between those that are there each, before and after them those of long enough a run."""
    first, last = min(listed, default=0), max(listed, default=-1)
    times = soak.captured_s(camera, run, 0, soak.runs[camera, run].captured) or [0.0]
    least = 0 if _is_whole(soak, camera, run, there) else first if listed else soak.runs[camera, run].captured
    return {
        row.seq
        for row in soak.log.rows
        if (row.camera, row.run, row.state) == (camera, run, "BAD")
        and (
            first <= row.seq <= last
            or (row.seq >= least and times[0] + HEARD_S < (row.captured_mono_ns or 0) / 1e9 < times[-1] - HEARD_S)
        )
    }


def _is_copied(soak: Soak, camera: str, there: Sequence[Segment]) -> bool:
    """As its lists say; of a run without any: a soak's recordings are copied, all else is encoded."""
    return there[0].copied if there else camera in soak.cameras and soak.cameras[camera].recording


def _is_whole(soak: Soak, camera: str, run: int, there: Sequence[Segment]) -> bool:
    """Whether retention took nothing of it: it takes the oldest, and never the newest of a run."""
    if not soak.deleted.get(DELETED):
        return True
    assert soak.data_dir is not None
    return there[0].number == 1 if there else not (soak.data_dir / FOLDER / camera / str(run)).is_dir()


def _unsaid(there: Sequence[Segment], missing: Sequence[int], in_hand: int) -> list[int]:
    """Those of which no list near them speaks; words excuse as many as they count, and each of them once.

    Near are the film before, the one after, and the next.
    """
    left = [_counted(before, after, in_hand) for before, after in pairwise((None, *there, None))]
    unsaid = []
    for seq in missing:
        after = next((at for at, one in enumerate(there) if max(one.frames.values(), default=-1) > seq), len(there))
        near = next((at for at in range(max(0, after - 1), min(after + 3, len(left))) if left[at]), None)
        if near is None:
            unsaid.append(seq)
        else:
            left[near] -= 1
    return unsaid


def _counted(before: Segment | None, after: Segment | None, in_hand: int) -> int:
    """How many are missing between the two, as they say; the end of the one may be said once more by the other."""
    said = ((before.end if before else "") or "", after.missing if after else "")
    counts = (sum(int(count) for count in COUNT.findall(words)) for words in said)
    return max(counts) + in_hand * any(REFUSED in words for words in said)


def _in_hand(soak: Soak, camera: str) -> int:
    """The pictures that a disk takes with it when it refuses: of a fragment it counts one."""
    return soak.cameras[camera].pictures_in(IN_HAND_S) if camera in soak.cameras else 0


def _interrupted(soak: Soak, camera: str, run: int, seq: int, *, copied: bool) -> bool:
    """Whether who writes it was away just then, or who says that it was judged; or the disk refused to the end."""
    when = soak.when(camera, run, seq)
    roles = (f"capture {camera}",) if copied else (WRITER, f"capture {camera}", "inspect")
    return any(soak.journal.away(role, when) for role in roles) or soak.journal.excused("evidence", when)
