"""Invariants of retention: the oldest went first, by the clock of their capture, and no more went than is on record."""

from __future__ import annotations

import json

from tools.soak_check_evidence import incidents_of, refused
from tools.soak_check_facts import Finding, Soak
from tools.soak_check_log import Row

EVIDENCE = "evidence"
INTENTS = "retention-evidence.json"
GRAIN_S = 150.0  # between runs the order is that of the looks, which come each minute; a killed recorder misses some
LATE_S = 30.0  # within a run it is the order of the frames; one whose picture the disk refused for a while came late


def oldest_went_first(soak: Soak) -> Finding:
    """No evidence was deleted that is newer than what stayed and nobody holds, however the wall clock was stepped."""
    gone, stayed = _gone(soak), _stayed(soak)
    breaks = []
    if len(gone) > soak.deleted.get(EVIDENCE, 0):
        breaks.append(
            f"{len(gone)} pictures of incidents are gone, {soak.deleted.get(EVIDENCE, 0)} are on record as deleted"
        )
    breaks += [
        f"{_named(row)}: deleted, though people hold it" for row in gone if soak.held(row.camera, row.run, row.seq)
    ]
    oldest = min(stayed, key=_at_s, default=None)
    for row in gone:
        if oldest is not None and _at_s(row) > _at_s(oldest) + GRAIN_S:
            breaks.append(
                f"{_named(row)}: deleted, and {_named(oldest)} is {_at_s(row) - _at_s(oldest):.0f} s older and was not"
            )
    before: dict[tuple[str, int], Row] = {}
    for row in stayed:
        before[row.camera, row.run] = min(row, before.get((row.camera, row.run), row), key=_at_s)
    for row in gone:
        first = before.get((row.camera, row.run))
        if first is not None and _at_s(first) < _at_s(row) - LATE_S:
            breaks.append(f"{_named(row)}: deleted before frame {first.seq} of its own run")
    note = f"{len(gone)} deleted, {len(stayed)} that might have been stayed" if gone else ""
    return Finding(len(gone), tuple(breaks), note)


def _worst(soak: Soak) -> list[Row]:
    rows: dict[tuple[str, int], list[Row]] = {}
    for row in soak.log.rows:
        if row.state == "BAD" and row.score is not None and row.captured_mono_ns is not None:
            rows.setdefault((row.camera, row.run), []).append(row)
    incidents = (one for frames in rows.values() for one in incidents_of(frames, soak.incident_gap_frames))
    return [min(incident, key=lambda row: (-(row.score or 0.0), row.seq)) for incident in incidents]


def _gone(soak: Soak) -> list[Row]:
    """Pictures that were kept once, as far as anybody can say: the disk took them, or retention has named them."""
    named = _named_to_go(soak)
    without = [row for row in _worst(soak) if row.evidence is None] if soak.deleted else []
    return [row for row in without if (row.camera, row.run, row.seq) in named or not refused(row, soak)]


def _named_to_go(soak: Soak) -> set[tuple[str, int, int]]:
    """What stands in the file into which retention writes what it is about to delete: of its last sweeps, at least."""
    if soak.data_dir is None:
        return set()
    try:
        groups = json.loads((soak.data_dir / INTENTS).read_bytes())
        return {(piece["camera"], piece["run"], piece["number"]) for group in groups for piece in group}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _stayed(soak: Soak) -> list[Row]:
    worst = [row for row in _worst(soak) if row.evidence is not None]
    return [row for row in worst if not soak.held(row.camera, row.run, row.seq)] if soak.deleted.get(EVIDENCE) else []


def _at_s(row: Row) -> float:
    return (row.captured_mono_ns or 0) / 1e9


def _named(row: Row) -> str:
    return f"{row.camera} run {row.run} frame {row.seq}"
