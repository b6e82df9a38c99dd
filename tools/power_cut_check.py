"""What must hold of a data_dir after a power cut, and after the next start on it. Reads; starts nothing.

The invariants are those of the soak's checker, and on top that nothing is lost which the recorder had acknowledged.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tools.power_cut_line import CAMERA, SEED, SHARE
from tools.power_cut_wire import Promises
from tools.soak_check import INVARIANTS
from tools.soak_check_facts import Soak
from tools.soak_check_journal import Fault, Journal
from tools.soak_check_kept import DESCRIPTION, FILES, Folder, read_folders
from tools.soak_check_log import FILE, Log, UnreadableError, read_log
from tools.soak_check_story import Camera, Leaks

AT_ONCE = ("rows", "duplicates", "verdicts", "judges", "evidence whole", "evidence true")
AFTER_START = (*AT_ONCE, "accounted", "defects", "worst kept", "orphans", "runs closed", "digests")
PARTIAL = ".partial-"
CUT = Fault("power cut", "supervisor", ("line",), 0.0, float("inf"))


def breaks_at_once(data_dir: Path, promises: Promises, frames: int) -> list[str]:
    """What is wrong with what the cut left, before anybody has touched it."""
    if not (data_dir / FILE).is_file():
        return [f"LOST: {c} run {r} frame {s}, acknowledged; there is no log" for c, r, s in promises.frames]
    try:
        recover(data_dir)
        log = read_log(data_dir)
    except UnreadableError as error:
        if promises.frames or promises.reports or "no such table" not in str(error):
            return [f"the log does not open: {error}"]
        return []
    found = list(lost(log, promises))
    soak = soak_of(data_dir, log, frames)
    found += _broken(soak, AT_ONCE)
    pointed = {row.evidence for row in log.rows}
    found += [
        f"{name}: half a folder, under the name of a whole one"
        for name, folder in soak.folders.items()
        if name not in pointed and not _whole_or_absent(folder)
    ]
    return found


def recover(data_dir: Path) -> None:
    """What SQLite does whenever a log is opened that was not closed. Raises UnreadableError."""
    try:
        with contextlib.closing(sqlite3.connect(data_dir / FILE, isolation_level=None)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise UnreadableError(f"{data_dir / FILE}: {error}") from error


def breaks_after_start(data_dir: Path, promises: Promises, frames: int) -> list[str]:
    """What is wrong once the line has been started again."""
    try:
        log = read_log(data_dir)
    except UnreadableError as error:
        return [f"after the next start the log does not open: {error}"]
    found = list(lost(log, promises)) + _broken(soak_of(data_dir, log, frames), AFTER_START)
    return [f"after the next start: {said}" for said in found]


def lost(log: Log, promises: Promises) -> Iterator[str]:
    """What the recorder had acknowledged, and the log has not, or has otherwise."""
    outcomes = {(s.camera, s.run, seq): s.outcome for s in log.spans for seq in range(s.start, s.stop)}
    rows = {(row.camera, row.run, row.seq) for row in log.rows}
    for frame, state in promises.frames.items():
        camera, run, seq = frame
        if frame not in outcomes:
            yield f"LOST: {camera} run {run} frame {seq}, acknowledged as {state or 'known'}"
        elif state and outcomes[frame] != state:
            yield f"{camera} run {run} frame {seq}: {outcomes[frame]} on record, acknowledged as {state}"
        elif outcomes[frame] in ("BAD", "UNKNOWN") and frame not in rows:
            yield f"LOST: the row of {camera} run {run} frame {seq}, acknowledged"
    runs = {(run.camera, run.run): run for run in log.runs}
    for report in promises.reports:
        on_record = runs.get((report.camera, report.run))
        if on_record is None or on_record.captured < report.captured or (report.ended and not on_record.ended):
            yield f"LOST: the report {report.serial} on {report.camera} run {report.run}, acknowledged"
        for outcome in report.outcomes:
            if any((report.camera, report.run, seq) not in outcomes for seq in range(outcome.start, outcome.stop)):
                yield f"LOST: frames {outcome.start} to {outcome.stop - 1} of report {report.serial}, acknowledged"


def soak_of(data_dir: Path, log: Log, frames: int) -> Soak:
    """The line as the soak's checker sees it: hit by a power cut, and by nothing else."""
    camera = Camera(CAMERA, SEED, SHARE, recording=True, every=True, pictures=frames, deadline_ms=None)
    return Soak(
        cameras={CAMERA: camera},
        incident_gap_frames=10,
        bundles=tuple({row.bundle for row in log.rows if row.bundle}),
        journal=Journal((CUT,), starts=2),
        leaks=Leaks(),
        log=log,
        folders=read_folders(data_dir),
    )


def _broken(soak: Soak, names: tuple[str, ...]) -> list[str]:
    chosen = [invariant for invariant in INVARIANTS if invariant.name in names]
    assert len(chosen) == len(names), "an invariant of that name is not in the table"
    return [f"{invariant.name}: {said}" for invariant in chosen for said in invariant.look(soak).breaks]


def _whole_or_absent(folder: Folder) -> bool:
    """Whether a folder that no row points to has all its files, or the name of one that is not finished."""
    return Path(folder.name).name.startswith(PARTIAL) or folder.hashes.keys() == {*FILES, DESCRIPTION}
