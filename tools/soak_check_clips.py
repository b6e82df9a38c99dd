"""Invariants of clips: each incident that is over has one, which opens, holds it, and shows the frames that it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av

from tools.soak_check_evidence import CORRUPT, incidents_of
from tools.soak_check_facts import Finding, Soak
from tools.soak_check_kept import burnt_number
from tools.soak_check_log import Row

CLIPS = "clips"
SAID = "clips"  # kind of the events that name an incident without its clip
SEGMENTS = "segments"
OVER = "over"  # a file in a run's recording: all its clips are made, and all that is to be said was said
TOLD_S = 30.0  # from an incident to the words that it has none, on a busy machine
LAST_S = 2.0
STOPPED_S = 90.0  # before the end of the soak: on a busy machine the role has not come to all of them
GRAIN = 10_000  # parts of a second in which times are compared


@dataclass(frozen=True)
class Clip:
    """A film and what is said of it, as any program could read them."""

    camera: str
    run: int
    first_seq: int
    listed: Mapping[int, int]  # time → seq
    shown: Mapping[int, int | None] | None  # time → number; None: one that cannot be told; no mapping: it does not open


def clips_are_true(soak: Soak) -> Finding:
    """An incident that is over has its clip, or the log says why not; and no clip shows another frame than it says."""
    if not soak.filmed or soak.data_dir is None:
        return Finding(0, note="no camera has clips")
    clips = {(clip.camera, clip.run, clip.first_seq): clip for clip in read_clips(soak.data_dir)}
    excused = {(e.camera, e.run, word) for e in soak.log.events if e.kind == SAID for word in e.text.split()}
    breaks = [text for clip in clips.values() for text in untrue(clip, soak)]
    left_out = without = checked = coming = unheard = 0
    deleted = soak.deleted.get(CLIPS, 0)
    for incident in over(soak):
        first, checked = incident[0], checked + 1
        clip = clips.get((first.camera, first.run, first.seq))
        if clip is None:
            if (first.camera, first.run, str(first.seq)) in excused:
                without += 1
            elif deleted and not soak.held(first.camera, first.run, first.seq):
                deleted -= 1
            elif _to_come(incident, soak):
                coming += 1
            elif _unheard(incident, soak):
                unheard += 1
            else:
                breaks.append(f"{_named(first)}: its incident has no clip, and nothing says why")
            continue
        there = set(clip.listed.values())
        left_out += sum(row.seq not in there for row in incident)
        if there.isdisjoint(range(first.seq, incident[-1].seq + 1)):
            breaks.append(f"{_named(first)}: its clip shows no frame of the incident")
    note = f"{without} without, as the log says; {coming} left to the next start; {unheard} told a recorder that died"
    note += f"; {left_out} frames left out of others"
    return Finding(checked, tuple(breaks), note)


def nothing_half(soak: Soak) -> Finding:
    """No film is left half made, but of the last second of the soak: whoever was killed over one has made it since."""
    if not soak.filmed or soak.data_dir is None:
        return Finding(0, note="no camera has clips")
    folders = (soak.data_dir / CLIPS, soak.data_dir / SEGMENTS)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    newest_s = max((path.stat().st_mtime for path in files), default=0.0)
    left = [path for path in files if path.name.endswith(".partial") and path.stat().st_mtime < newest_s - LAST_S]
    return Finding(len(files), tuple(f"{path.relative_to(soak.data_dir)}: left half made" for path in left))


def over(soak: Soak) -> Iterator[list[Row]]:
    """The incidents of cameras that have clips, of runs that are closed, but for those longer than one clip."""
    rows: dict[tuple[str, int], list[Row]] = {}
    for row in soak.log.rows:
        if row.state == "BAD" and row.score is not None and row.camera in soak.filmed:
            rows.setdefault((row.camera, row.run), []).append(row)
    for key, frames in rows.items():
        if key in soak.runs and soak.runs[key].ended:
            yield from incidents_of(frames, soak.incident_gap_frames)


def untrue(clip: Clip, soak: Soak) -> Iterator[str]:
    """What a clip says and does not show."""
    name = f"{clip.camera} run {clip.run}, clip of frame {clip.first_seq}"
    if clip.shown is None:
        yield f"{name}: it does not open"
        return
    camera, damaged = soak.cameras.get(clip.camera), damaged_frames(soak, clip.camera, clip.run)
    for at, seq in clip.listed.items():
        if at not in clip.shown:
            yield f"{name}: frame {seq} is listed at {at / GRAIN:.3f} s, and there is no picture then"
            continue
        number, wanted = clip.shown[at], None if camera is None else soak.number(camera, clip.run, seq)
        if None not in (number, wanted) and number != wanted and seq not in damaged:
            yield f"{name}: frame {seq} is listed at {at / GRAIN:.3f} s, and picture {number} is shown"


def _to_come(incident: list[Row], soak: Soak) -> bool:
    """Whether the line was stopped so soon after it that its clip, or why it has none, is left to the next start.

    Of a run of which nothing was recorded, and at which the role never looked, the next start knows nothing either.
    """
    last_s = (incident[-1].captured_mono_ns or 0) / 1e9
    assert soak.data_dir is not None
    recording = soak.data_dir / SEGMENTS / incident[0].camera / str(incident[0].run)
    return last_s > soak.journal.end_s - STOPPED_S and not (recording / OVER).exists()


def _unheard(incident: list[Row], soak: Soak) -> bool:
    """Whether why it has no clip was told a recorder that was just hit: events are not acknowledged."""
    last_s = (incident[-1].captured_mono_ns or 0) / 1e9
    return any(f.stops_writing and last_s <= f.over_s and f.from_s <= last_s + TOLD_S for f in soak.journal.faults)


def damaged_frames(soak: Soak, camera: str, run: int) -> set[int]:
    """Frames of a recording that was damaged on the disk: its copy is damaged, too, and shows an older picture."""
    if not any(fault.name.startswith(CORRUPT) and fault.target == camera for fault in soak.journal.faults):
        return set()
    mine = (row for row in soak.log.rows if (row.camera, row.run) == (camera, run))
    return {row.seq for row in mine if row.state == "UNKNOWN"}


def read_clips(data_dir: Path) -> Iterator[Clip]:
    """Every clip; of one that came in parts, all as if they were one."""
    for path in sorted((data_dir / CLIPS).glob("*/*/*.json")):
        said = json.loads(path.read_text())
        if said.get("part", 1) == 1:
            listed = {round(time_s * GRAIN): seq for seq, time_s in said["frames"]}
            yield Clip(said["camera"], said["run"], said["first_seq"], listed, _shown(path.with_suffix(".mp4")))


def _shown(path: Path) -> dict[int, int | None] | None:
    found: dict[int, int | None] = {}
    try:
        with av.open(str(path)) as film:
            for frame in film.decode(video=0):
                if frame.pts is not None and frame.time_base is not None:
                    found[round(float(frame.pts * frame.time_base) * GRAIN)] = _number(frame)
    except (av.FFmpegError, OSError):
        return None
    return found or None


def _number(frame: av.VideoFrame) -> int | None:
    try:
        return burnt_number(frame.to_ndarray(format="bgr24"))
    except ValueError:
        return None


def _named(row: Row) -> str:
    return f"{row.camera} run {row.run} frame {row.seq}"
