"""Invariants of evidence: the worst frame of each incident has its folder, whole, and of that very frame. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tools.soak_check_facts import Finding, Soak
from tools.soak_check_kept import DESCRIPTION, EVIDENCE, FILES, Folder
from tools.soak_check_log import Row

CORRUPT = "corrupt"  # faults of this name send pictures that are damaged: their number may be illegible
KEPT_S = 1.0  # from a verdict to its picture on disk, on a busy machine whose recorder can write


def worst_is_kept(soak: Soak) -> Finding:
    """The worst frame of each incident has evidence, unless the disk refused it for too long; no other has."""
    rows: dict[tuple[str, int], list[Row]] = {}
    for row in soak.log.rows:
        if row.state == "BAD" and row.score is not None:
            rows.setdefault((row.camera, row.run), []).append(row)
    incidents = [incident for frames in rows.values() for incident in incidents_of(frames, soak.incident_gap_frames)]
    breaks = []
    excused, deleted = 0, soak.deleted.get("evidence", 0)
    for incident in incidents:
        worst = min(incident, key=lambda row: (-(row.score or 0.0), row.seq))
        if worst.evidence is None:
            if refused(worst, soak):
                excused += 1
            elif deleted and not soak.held(worst.camera, worst.run, worst.seq):
                deleted -= 1  # which ones may have gone is looked at where retention is
            else:
                breaks.append(f"{_named(worst)}: the worst of its incident, without evidence")
        breaks += [
            f"{_named(row)}: has evidence, and frame {worst.seq} is the worst of its incident"
            for row in incident
            if row.evidence is not None and row is not worst
        ]
    gone = soak.deleted.get("evidence", 0) - deleted
    note = f"{excused} without evidence, which a fault excuses; {gone} deleted" if excused or gone else ""
    return Finding(len(incidents), tuple(breaks), note)


def evidence_is_whole(soak: Soak) -> Finding:
    """A folder that a row points to has every file, each with the hash that its description says."""
    breaks = []
    kept = [row for row in soak.log.rows if row.evidence is not None]
    for row in kept:
        assert row.evidence is not None
        folder = soak.folders.get(row.evidence)
        if folder is None:
            breaks.append(f"{_named(row)}: its folder {row.evidence} is not there")
        else:
            breaks += [f"{row.evidence}: {said}" for said in _torn(folder)]
    return Finding(len(kept), tuple(breaks))


def evidence_is_of_its_frame(soak: Soak) -> Finding:
    """The number burnt into the pictures, the description and the folder's name are those of the row."""
    breaks = []
    kept = [row for row in soak.log.rows if row.evidence is not None]
    for row in kept:
        assert row.evidence is not None
        folder = soak.folders.get(row.evidence)
        if row.evidence != folder_of(row):
            breaks.append(f"{_named(row)}: its evidence is {row.evidence}")
        if folder is not None:
            breaks += [f"{row.evidence}: {said}" for said in _foreign(folder, row, soak)]
    return Finding(len(kept), tuple(breaks))


def no_orphan_evidence(soak: Soak) -> Finding:
    """No folder without its row, none half written, and no folder that two rows share."""
    pointed = Counter(row.evidence for row in soak.log.rows if row.evidence is not None)
    breaks = [f"{name}: no row points to it" for name in soak.folders if name not in pointed]
    breaks += [f"{name}: {count} rows point to it" for name, count in pointed.items() if count > 1]
    return Finding(len(soak.folders), tuple(breaks))


def incidents_of(rows: Iterable[Row], gap: int) -> Iterator[list[Row]]:
    """BAD frames of one run in the order of seq: at most `gap` apart, they are one incident."""
    incident: list[Row] = []
    for row in sorted(rows, key=lambda row: row.seq):
        if incident and row.seq - incident[-1].seq > gap:
            yield incident
            incident = []
        incident.append(row)
    if incident:
        yield incident


def folder_of(row: Row) -> str:
    return f"{EVIDENCE}/{row.camera}/{row.run}/{row.seq:08d}"


def _torn(folder: Folder) -> Iterator[str]:
    """What is missing in a folder, or is not what its description says."""
    if folder.described is None:
        yield f"{DESCRIPTION} is missing or torn"
        return
    said = folder.described.get("files_sha256")
    said = said if isinstance(said, dict) else {}
    for file in FILES:
        if file not in folder.hashes:
            yield f"{file} is missing"
        elif folder.hashes[file] != said.get(file):
            yield f"{file} has another hash than {DESCRIPTION} says"
        elif folder.pictures[file] is None:
            yield f"{file} is no whole picture"
    for file in (folder.hashes.keys() | said.keys()) - {*FILES, DESCRIPTION}:
        if folder.hashes.get(file) != said.get(file):
            yield f"{file} is none of its files, or has another hash than {DESCRIPTION} says"


def _foreign(folder: Folder, row: Row, soak: Soak) -> Iterator[str]:
    """What in a folder is of another frame than its row."""
    said = folder.described or {}
    named = (said.get("camera"), said.get("run"), said.get("seq"))
    if folder.described is not None and named != (row.camera, row.run, row.seq):
        yield f"{DESCRIPTION} is of {named}"
    for file in ("frame.png", "overlay.jpg"):
        picture = folder.pictures[file]
        if picture is None:
            continue
        if picture.number is None and not _was_corrupted(row, soak):
            yield f"{file}: the number burnt into it cannot be told"
        camera = soak.cameras.get(row.camera)
        wanted = row.seq if camera is None else soak.number(camera, row.run, row.seq)
        if wanted is not None and picture.number not in (None, wanted):
            yield f"{file} shows frame {picture.number}"
    frame, mask = folder.pictures["frame.png"], folder.pictures["mask.png"]
    if frame and mask and (frame.height, frame.width) != (mask.height, mask.width):
        yield f"mask.png is {mask.width} x {mask.height} px, frame.png {frame.width} x {frame.height} px"


def refused(row: Row, soak: Soak) -> bool:
    """Whether the disk refused when the picture was to be kept; a row without its times is excused by nothing."""
    if row.captured_mono_ns is None or row.judged_mono_ns is None:
        return False
    written_s = soak.journal.written_by(row.judged_mono_ns / 1e9, KEPT_S)
    return soak.journal.excused("evidence", (row.captured_mono_ns / 1e9, written_s))


def _was_corrupted(row: Row, soak: Soak) -> bool:
    at_s = _captured_s(row)
    return any(
        fault.name.startswith(CORRUPT)
        and fault.target in (row.camera, "")
        and (at_s is None or fault.from_s - 1.0 <= at_s <= fault.to_s)
        for fault in soak.journal.faults
    )


def _captured_s(row: Row) -> float | None:
    return None if row.captured_mono_ns is None else row.captured_mono_ns / 1e9


def _named(row: Row) -> str:
    return f"{row.camera} run {row.run} frame {row.seq}"
