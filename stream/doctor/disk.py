"""The disk of data_dir: whether it may be written, what kind it is, how much is left, how fast it takes a commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stream.defect_log import LogError
from stream.doctor.bounded import in_time
from stream.doctor.complaint import Complaint, Diagnosis
from stream.doctor.growth import Growth, growth_of
from stream.doctor.scene import Scene
from stream.doctor.volume import Speed, Volume, measured, standing, volume_of
from stream.problem import ERROR, NOTE, WARNING
from stream.settings import KeptSettings, LineSettings

NETWORK_KINDS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "lustre", "glusterfs", "fuse.")
MEMORY_KINDS = ("tmpfs", "ramfs")
DAYS_LEAST = 14
BUDGET_DAYS = 365
INODES_LEAST = 20_000  # each frame of evidence takes about six
SYNC_MS_MOST = 50.0
WRITE_MB_S_LEAST = 20.0
HANGS_S = 5.0
COUNTS_S = 3.0

READ_ONLY = Complaint(
    "disk-read-only",
    ERROR,
    "the disk of {folder} is mounted read-only",
    "nothing can be recorded, and nothing is acknowledged",
    "the kernel does so after an error of the disk: sudo dmesg | tail; then: sudo mount -o remount,rw {mount}",
)
NETWORK = Complaint(
    "disk-network",
    ERROR,
    "{folder} lies on a network file system ({kind})",
    "the log is SQLite with a write-ahead log, which does not work over a network: it is damaged in the end",
    "set data_dir to a disk of this computer, and copy from there to {mount}",
)
MEMORY = Complaint(
    "disk-in-memory",
    WARNING,
    "{folder} lies in memory ({kind})",
    "the defect log and all evidence are gone when the computer is switched off",
    "set data_dir to a disk of this computer",
)
CONTAINER = Complaint(
    "disk-in-container",
    NOTE,
    "{folder} lies in the layer of a container ({kind})",
    "the defect log goes when the container is removed",
    "mount a folder of the computer there: docker run -v /srv/linewatch:{folder} …",
)
HANGS = Complaint(
    "disk-hangs",
    ERROR,
    "the disk of {folder} has not answered within {limit:g} s",
    "a disk that fails, or a network file system whose server is away",
    "sudo dmesg | tail; mount | grep {mount}",
)
BUDGET = Complaint(
    "disk-no-budget",
    NOTE,
    "nothing deletes old evidence, and as it grows the disk lasts {days:.0f} days",
    "the disk is full one day, and then no defect is recorded any more",
    "set retention.evidence.gb, or .days: python -m stream retention FILE.yaml says what there is",
)
SYNC = Complaint(
    "disk-slow-commit",
    WARNING,
    "the disk takes {ms:.0f} ms until a record is safe",
    "each verdict waits for that before its picture is let go; an SD card or a busy disk",
    "set data_dir to an SSD, or see who else writes: sudo iotop -o",
)
WRITE = Complaint(
    "disk-slow",
    WARNING,
    "the disk writes {mb:.0f} MB a second",
    "evidence and films come later than defects, and are given up when too much waits",
    "set data_dir to an SSD, or see who else writes: sudo iotop -o",
)
DAYS = Complaint(
    "disk-days-left",
    WARNING,
    "{free:.1f} GB are free; at {day:.2f} GB a day, as in the last {span:.1f} days, that is enough for {days:.0f} days",
    "when the disk is full, no defect is recorded any more",
    "make room, or move older evidence away: du -sh {folder}/*",
)
INODES = Complaint(
    "disk-inodes",
    WARNING,
    "the disk can hold {files} more files",
    "evidence is many small files; without one left it fails, however much room there is",
    "delete folders of many small files: sudo du --inodes -x {mount} | sort -n | tail",
)
LOG = Complaint(
    "log-unreadable",
    ERROR,
    "{reason}",
    "what is on record cannot be shown, and the line cannot go on with this log",
    "stop the line, keep a copy of the folder, and see to what is said there",
)
COMPLAINTS = (READ_ONLY, NETWORK, MEMORY, CONTAINER, HANGS, SYNC, WRITE, BUDGET, DAYS, INODES, LOG)


def look(scene: Scene) -> Iterator[Diagnosis]:
    """Everything about the disk; nothing of it is written while a line runs there."""
    if "record" not in scene.roles:
        return
    folder = standing(scene.line.data_dir)
    (volume,) = in_time([lambda: volume_of(folder, scene.root)], HANGS_S)
    if volume is None:
        yield HANGS.told("data_dir", folder=folder, limit=HANGS_S, mount=folder)
        return
    yield from judge(volume)
    yield from _growth(volume, scene.line)
    if scene.running is None and not volume.read_only:
        yield from _speed(volume, folder)


def _speed(volume: Volume, folder: Path) -> Iterator[Diagnosis]:
    try:
        (speed,) = in_time([lambda: measured(folder)], HANGS_S)
    except OSError:
        return  # it cannot be written: `check` says so
    if speed is None:
        yield HANGS.told("data_dir", folder=folder, limit=HANGS_S, mount=volume.mount)
    else:
        yield from judge_speed(speed)


def _growth(volume: Volume, line: LineSettings) -> Iterator[Diagnosis]:
    try:
        kept = line.clips.continuous and line.retention.segments == KeptSettings()
        # A log of years takes its time.
        (growth,) = in_time([lambda: growth_of(line.data_dir, continuous=kept)], COUNTS_S)
    except LogError as error:
        yield LOG.told("data_dir", reason=error)
    else:
        yield from judge_growth(volume, growth, budgeted=line.retention.evidence != KeptSettings())


def judge(volume: Volume) -> Iterator[Diagnosis]:
    """Pure."""
    figures = {"folder": volume.folder, "mount": volume.mount, "kind": volume.kind}
    if volume.read_only:
        yield READ_ONLY.told("data_dir", **figures)
    if volume.kind.startswith(NETWORK_KINDS):
        yield NETWORK.told("data_dir", **figures)
    elif volume.kind in MEMORY_KINDS:
        yield MEMORY.told("data_dir", **figures)
    elif volume.kind == "overlay":
        yield CONTAINER.told("data_dir", **figures)
    if volume.files is not None and volume.files < INODES_LEAST:
        yield INODES.told("data_dir", files=volume.files, mount=volume.mount)


def judge_growth(volume: Volume, growth: Growth | None, *, budgeted: bool = True) -> Iterator[Diagnosis]:
    """Pure. `budgeted`: whether old evidence is deleted one day."""
    if growth is None or growth.bytes_a_day <= 0:
        return
    days = volume.free / growth.bytes_a_day
    if days < DAYS_LEAST:
        free, day = volume.free / 1e9, growth.bytes_a_day / 1e9
        yield DAYS.told("data_dir", free=free, day=day, span=growth.days, days=days, folder=volume.folder)
    if days < BUDGET_DAYS and not budgeted:
        yield BUDGET.told("retention.evidence", days=days)


def judge_speed(speed: Speed) -> Iterator[Diagnosis]:
    """Pure."""
    if speed.sync_ms > SYNC_MS_MOST:
        yield SYNC.told("data_dir", ms=speed.sync_ms)
    if speed.write_mb_s < WRITE_MB_S_LEAST:
        yield WRITE.told("data_dir", mb=speed.write_mb_s)
