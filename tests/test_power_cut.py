"""The plug is pulled on a real line: nothing that was acknowledged is lost, and the next start goes on without a hand.

The recorder's system calls are traced once; each cut replays them onto a disk that forgets what was not synced.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from stream.defect_log import DefectLog, LogError
from stream.places import SHM, places_for
from tests.line import alive, roles_of, run_to_end, running, wait_for, write_line
from tests.needs import need
from tests.soaked import film
from tools.power_cut_check import breaks_after_start, soak_of
from tools.power_cut_disk import Disk
from tools.power_cut_fates import FATES, Chance, Choice, Everything, Nothing
from tools.power_cut_line import LineError, start_recorder, trace_line
from tools.power_cut_steps import Opened, Step, SyncBegun, Synced, Written
from tools.power_cut_trace import TraceError, steps_of, strace_command
from tools.power_cut_trial import Cut, Moment, Trial, drawn_cuts
from tools.power_cut_wire import Promises
from tools.soak_check import INVARIANTS
from tools.soak_check_log import read_log

FRAMES = 60
CUTS = 48  # of the recorder alone; each of the four fates twelve times
SEED = 1


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder in memory: the disk that counts here is the simulated one."""
    folder = Path(tempfile.mkdtemp(prefix="power-cut-", dir=SHM))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, memory: Path) -> Trial:
    """A real line, traced to its end; its recorder was killed once on the way."""
    need(shutil.which("strace"), "strace is not installed: see tests/debian-packages.txt")
    traceable = [*strace_command(memory / "probe"), sys.executable, "-c", ""]
    need(subprocess.run(traceable, check=False, capture_output=True).returncode == 0, "no process may be traced here")
    return Trial.of(trace_line(tmp_path_factory.mktemp("traced"), FRAMES), FRAMES)


def broken(trial: Trial, cuts: list[Cut], work: Path, *, whole_line: bool = False) -> dict[Cut, tuple[str, ...]]:
    outcomes = list(trial.try_cuts(cuts, SEED, work, whole_line=whole_line))
    assert len(outcomes) == len(cuts)
    return {outcome.cut: outcome.breaks for outcome in outcomes if outcome.breaks}


# --- the line under power cuts ---


def test_the_replayed_disk_is_the_real_one_where_all_survives(trial: Trial, memory: Path) -> None:
    disk = Disk(trial.traced.root)
    for steps in trial.processes:
        for step in steps:
            disk.apply(step)
        disk.ended()
    copy = memory / "copy"
    disk.leave(copy, Everything())
    assert contents(copy) == contents(trial.traced.root)
    assert len(contents(copy)) > 10


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_cut_at_any_boundary_loses_what_was_acknowledged(trial: Trial, memory: Path) -> None:
    boundaries = trial.boundaries()
    assert len(boundaries) > 150
    cuts = drawn_cuts(boundaries, CUTS, SEED)
    assert {cut.fate for cut in cuts} == set(FATES)
    assert broken(trial, cuts, memory) == {}


def test_the_line_goes_on_by_itself_after_a_cut(trial: Trial, memory: Path) -> None:
    boundaries = trial.boundaries()
    cuts = [Cut(boundaries[len(boundaries) * 3 // 4], "a quarter survives")]
    assert broken(trial, cuts, memory, whole_line=True) == {}


def test_what_a_cut_left_open_is_closed_and_its_lost_frames_are_counted(trial: Trial, memory: Path) -> None:
    """The run of the line that died ends with a reason; its frames that were nowhere are dropped by name."""
    data_dir = left_by(trial, memory / "open", lambda moment: len(moment.promises.frames) > FRAMES // 2, Nothing())
    start_recorder(trial.traced.file, data_dir)
    log = read_log(data_dir)
    (run,) = log.runs
    assert run.ended and run.note == "the line died"
    assert [event.kind for event in log.events].count("line_died") == 1
    assert breaks_after_start(data_dir, Promises(), FRAMES) == []


def left_by(trial: Trial, root: Path, wanted: Callable[[Moment], bool], choice: Choice) -> Path:
    """The data_dir that a cut leaves at the first moment that is wanted."""
    for moment in trial.replayed():
        if wanted(moment):
            moment.disk.leave(root, choice)
            return root / "data"
    raise AssertionError("no such moment in the trace")


# --- that the experiment would notice ---


def never_synced(trial: Trial, unsynced: Callable[[Path], bool]) -> Trial:
    """The same trace of a recorder that does not sync those files or folders."""

    def without(steps: list[Step]) -> Iterator[Step]:
        paths: dict[int, Path] = {}
        for step in steps:
            if isinstance(step, Opened):
                paths[step.descriptor] = step.path
            if isinstance(step, SyncBegun | Synced) and unsynced(paths[step.descriptor]):
                continue
            yield step

    return replace(trial, processes=tuple(list(without(steps)) for steps in trial.processes))


UNSYNCED: dict[str, tuple[Callable[[Path], bool], str]] = {
    "the log's commits": (lambda path: path.name.endswith("-wal"), "LOST"),
    "the name of data_dir": (lambda path: path.name == "disk", "LOST"),
    "the pictures": (lambda path: path.name == "frame.png", "frame.png has another hash"),
    "the names in a folder of evidence": (lambda path: path.name.startswith(".partial-"), "is missing"),
    "the names of folders of evidence": (lambda path: path.parent.name == "belt", "is not there"),
    "the name of the camera's folder": (lambda path: path.name == "evidence", "is not there"),
}


@pytest.mark.parametrize(("unsynced", "said"), UNSYNCED.values(), ids=UNSYNCED)
def test_a_recorder_that_synced_less_is_found_out(
    trial: Trial, memory: Path, unsynced: Callable[[Path], bool], said: str
) -> None:
    spoilt = never_synced(trial, unsynced)
    boundaries = spoilt.boundaries()
    cuts = [Cut(boundaries[-30], "nothing survives"), Cut(boundaries[-30], "a quarter survives")]
    assert said in " ".join(text for breaks in broken(spoilt, cuts, memory).values() for text in breaks)


# --- a log that is shorter than it was ---


def test_a_write_ahead_log_cut_off_anywhere_opens_and_holds_whole_transactions(trial: Trial, memory: Path) -> None:
    # Before the log was closed, all of it stands in the write-ahead log.
    whole = left_by(trial, memory / "whole", lambda moment: len(moment.promises.frames) == FRAMES, Everything())
    wal = (whole / "log.sqlite-wal").read_bytes()
    frame = 24 + int.from_bytes(wal[8:12], "big")  # SQLite's file format, 4.1: header of 32 bytes, then frames
    ends = [32 + frame * n + odd for n in range(0, len(wal) // frame, 7) for odd in (0, 1, 24, frame // 2)]
    seen = set()
    for end in [0, 16, *ends]:
        data_dir = copied(whole, memory / "short")
        (data_dir / "log.sqlite-wal").write_bytes(wal[:end])
        start_recorder(trial.traced.file, data_dir)
        log = read_log(data_dir)
        assert [broken for broken in record_breaks(data_dir) if broken] == [], f"cut off at byte {end}"
        seen.add(sum(span.stop - span.start for span in log.spans))
    assert 0 in seen and len(seen) > 3


def record_breaks(data_dir: Path) -> list[str]:
    """Of the log alone: evidence of transactions that were taken away is gone, and must be."""
    soak = soak_of(data_dir, read_log(data_dir), FRAMES)
    names = ("accounted", "rows", "duplicates", "defects", "verdicts", "orphans", "runs closed", "digests")
    chosen = [invariant for invariant in INVARIANTS if invariant.name in names]
    breaks = [text for invariant in chosen for text in invariant.look(soak).breaks]
    return breaks if soak.log.runs else [text for text in breaks if "no row points to it" not in text]


def test_a_log_whose_file_is_cut_off_is_refused_in_words_or_whole(trial: Trial, memory: Path) -> None:
    closed = trial.traced.root / "data"
    content = (closed / "log.sqlite").read_bytes()
    page = int.from_bytes(content[16:18], "big")
    refused = 0
    for end in {*range(0, len(content), page), 50, page + 100}:
        data_dir = copied(closed, memory / "short")
        (data_dir / "log.sqlite").write_bytes(content[:end])
        with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite")) as db, contextlib.suppress(sqlite3.Error):
            if db.execute("PRAGMA integrity_check").fetchone() == ("ok",):
                continue
        try:
            DefectLog(data_dir).close()
        except LogError as error:
            refused += 1
            assert str(data_dir) in str(error)
        else:
            pytest.fail(f"cut off at byte {end} it is not whole, and was opened without a word")
    assert refused


def copied(data_dir: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(data_dir, to / "data"))


# --- all at once, and memory stays: the kernel killed everything ---


def test_after_everything_was_killed_at_once_the_next_start_adopts_cleans_and_goes_on(tmp_path: Path) -> None:
    file = write_line(tmp_path, film(tmp_path, FRAMES, fps=10), camera="pace: recorded\npolicy: every")
    with running(file) as line:
        wait_for(lambda: line.judged() > 15, "the first verdicts")
        children = roles_of(line.process.pid)
        line.process.send_signal(signal.SIGKILL)
        wait_for(lambda: not any(alive(pid) for pid in children.values()), "the end of all")
        data_dir = line.data_dir
    places = places_for(data_dir)
    left = {path.name for path in places.folder.iterdir()}
    assert {"belt.1.ring", "record.sock", "control.sock"} <= left
    (places.folder / "belt.7.partial").write_bytes(b"half a ring")
    summary, code, said = run_to_end(file, "--set", "camera.pace=fast")
    assert code == 0, said
    assert summary["cameras"]["belt"]["captured"] == FRAMES and summary["cameras"]["belt"]["ledger_closed"]
    log = read_log(data_dir)
    assert len(log.runs) == 2 and all(run.ended and run.note for run in log.runs)
    kept = {path.name for path in places.folder.iterdir()}
    assert not {name for name in kept if name.endswith((".sock", ".ring", ".partial"))}


# --- the parts of the experiment ---

ROOT = Path("/disk")


def disk_of(*lines: str) -> Disk:
    """A disk after these calls, as strace writes them down."""
    disk = Disk(ROOT)
    for step in steps_of([f"7 {line}" for line in lines], Path("/")):
        disk.apply(step)
    return disk


def quoted(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return '"' + "".join(f"\\x{byte:02x}" for byte in content) + '"'


def made(path: str, descriptor: int = 3) -> str:
    return f"openat(AT_FDCWD, {quoted(path)}, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = {descriptor}"


def wrote(text: str, descriptor: int = 3) -> str:
    return f"write({descriptor}, {quoted(text)}, {len(text)}) = {len(text)}"


def opened(path: str, descriptor: int) -> str:
    return f"openat(AT_FDCWD, {quoted(path)}, O_RDONLY|O_CLOEXEC) = {descriptor}"


RENAMED = f"rename({quoted('/disk/a')}, {quoted('/disk/b')}) = 0"
AFTER = {
    "nothing is synced": ((made("/disk/a"), wrote("one")), {}),
    "the file alone is synced": ((made("/disk/a"), wrote("one"), "fsync(3) = 0"), {}),
    "the folder alone is synced": ((made("/disk/a"), wrote("one"), opened("/disk", 4), "fsync(4) = 0"), {"a": b""}),
    "both are synced": (
        (made("/disk/a"), wrote("one"), "fdatasync(3) = 0", opened("/disk", 4), "fsync(4) = 0"),
        {"a": b"one"},
    ),
    "what came after the sync is lost": (
        (made("/disk/a"), wrote("one"), "fsync(3) = 0", opened("/disk", 4), "fsync(4) = 0", wrote("two")),
        {"a": b"one"},
    ),
    "a rename that is not synced did not happen": (
        (made("/disk/a"), wrote("one"), "fsync(3) = 0", opened("/disk", 4), "fsync(4) = 0", RENAMED),
        {"a": b"one"},
    ),
    "a rename that is synced did": (
        (made("/disk/a"), wrote("one"), "fsync(3) = 0", opened("/disk", 4), RENAMED, "fsync(4) = 0"),
        {"b": b"one"},
    ),
    "a call that failed changes nothing": (
        (made("/disk/a"), opened("/disk", 4), "fsync(4) = 0", RENAMED.replace("= 0", "= -1 EIO (Input/output error)")),
        {"a": b""},
    ),
    "a sync that was not finished keeps nothing": (
        (made("/disk/a"), opened("/disk", 4), "fsync(4) = 0", wrote("one"), "fsync(3 <unfinished ...>"),
        {"a": b""},
    ),
    "a sync keeps what was written before it began": (
        (
            made("/disk/a"),
            opened("/disk", 4),
            "fsync(4) = 0",
            wrote("one"),
            "fsync(3 <unfinished ...>",
            "<... fsync resumed>) = 0",
        ),
        {"a": b"one"},
    ),
    "a folder without its name is lost with its files": (
        (
            f"mkdir({quoted('/disk/d')}, 0777) = 0",
            made("/disk/d/a"),
            wrote("one"),
            "fsync(3) = 0",
            opened("/disk/d", 4),
            "fsync(4) = 0",
        ),
        {},
    ),
    "the wal-index is memory": ((made("/disk/a-shm"), opened("/disk", 4), "fsync(4) = 0"), {}),
    "other disks do not matter": ((made("/elsewhere/a"), wrote("one")), {}),
}


@pytest.mark.parametrize(("calls", "left"), AFTER.values(), ids=AFTER)
def test_a_disk_forgets_what_was_not_synced(calls: tuple[str, ...], left: dict[str, bytes], tmp_path: Path) -> None:
    disk_of(*calls).leave(tmp_path / "left", Nothing())
    assert contents(tmp_path / "left") == left


def test_a_write_may_be_torn_between_sectors_and_nowhere_else(tmp_path: Path) -> None:
    calls = (made("/disk/a"), opened("/disk", 4), "fsync(4) = 0", wrote("x" * 3000))
    seen = set()
    for seed in range(60):
        disk_of(*calls).leave(tmp_path / str(seed), Chance(Random(seed), 0.5))
        content = (tmp_path / str(seed) / "a").read_bytes()
        sectors = [content[at : at + 512] for at in range(0, len(content), 512)]
        assert all(set(sector) in ({0}, {ord("x")}) for sector in sectors)
        seen.add(content)
    assert b"" in seen and b"x" * 3000 in seen and len(seen) > 5


def test_what_a_trace_cannot_show_is_refused() -> None:
    with pytest.raises(TraceError, match="a call that cannot be replayed"):
        disk_of("copy_file_range(3, NULL, 4, NULL, 10, 0) = 10")
    with pytest.raises(TraceError, match="through a mapping"):
        disk_of(made("/disk/a"), "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f0000000000")
    with pytest.raises(TraceError, match="between two folders"):
        disk_of(
            made("/disk/a"),
            f"mkdir({quoted('/disk/d')}, 0777) = 0",
            f"rename({quoted('/disk/a')}, {quoted('/disk/d/a')}) = 0",
        )


def test_a_line_that_does_not_start_is_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need(shutil.which("strace"), "strace is not installed: see tests/debian-packages.txt")
    monkeypatch.setattr("tools.power_cut_line.DEADLINE_S", 0.2)
    with pytest.raises(LineError, match="in vain"):
        trace_line(tmp_path, 5)
    shutil.rmtree(places_for(tmp_path / "disk" / "data").folder, ignore_errors=True)


def test_a_step_counts_from_its_call_and_its_bytes_are_those_that_the_kernel_took() -> None:
    steps = steps_of(
        [
            f"7 {made('/disk/a')}",
            f"8 write(3, {quoted('abcdef')}, 6 <unfinished ...>",
            "7 close(9) = 0",
            "8 <... write resumed>) = 4",
            f"7 pwrite64(3, {quoted('zz')}, 2, 4096) = 2",
            "7 +++ killed by SIGKILL +++",
        ],
        Path("/"),
    )
    assert [type(step).__name__ for step in steps] == ["Opened", "Written", "Closed", "Written"]
    assert steps[1] == Written(3, b"abcd", None) and steps[3] == Written(3, b"zz", 4096)


def test_a_number_is_another_files_until_the_opening_has_ended() -> None:
    """One thread closes a file while another opens one, and is given its number."""
    opening = f"openat(AT_FDCWD, {quoted('/disk/b')}, O_WRONLY|O_CREAT, 0600"
    steps = steps_of(
        [
            f"7 {made('/disk/a')}",
            f"8 {opening} <unfinished ...>",
            "7 close(3) = 0",
            "8 <... openat resumed>) = 3",
            f"8 write(3, {quoted('b')}, 1) = 1",
        ],
        Path("/"),
    )
    assert [type(step).__name__ for step in steps] == ["Opened", "Closed", "Opened", "Written"]
