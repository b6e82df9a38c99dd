"""What the doctor complains of in the computer: each complaint is provoked, and its words are read.

What a test cannot do to the computer that it runs on (a governor, another cable) is told by a tree of files in the
place of /proc and /sys, or as the figures that would have been read.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from detector.verdict import State, Verdict
from stream.defect_log import Batch, DefectLog, VerdictRow
from stream.doctor import bandwidth, clock, device, disk, leftovers, ports, speed, versions
from stream.doctor.clock import Clock
from stream.doctor.complaint import Diagnosis
from stream.doctor.growth import Growth, growth_of
from stream.doctor.machine import Machine, machine_at
from stream.doctor.network import interface_to
from stream.doctor.ports import Wish
from stream.doctor.scene import Scene, SeenCamera
from stream.doctor.speed import Pace
from stream.doctor.volume import Speed, Volume, measured, volume_of
from stream.hosts import all_roles
from stream.messages import FrameRef, VerdictRecord
from stream.places import runtime_folder
from stream.settings import CameraSettings, DisplaySettings, HostSettings, InspectorSettings, LineSettings

ROOT = Path("/")
ROUTES = """Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def network(root: Path, name: str, *, mbit_s: int = 1000, mtu: int = 9000) -> None:
    for file, text in (("speed", mbit_s), ("mtu", mtu), ("operstate", "up"), ("device", "")):
        write(root, f"sys/class/net/{name}/{file}", str(text))


def scene(folder: Path, root: Path = ROOT, source: str = "0", **settings: object) -> Scene:
    camera = CameraSettings("belt", source, **settings)  # type: ignore[arg-type]
    line = LineSettings((camera,), data_dir=folder / "data", display=DisplaySettings(port=0))
    return Scene(line, all_roles(line), root=root)


def told(found: Iterable[Diagnosis]) -> dict[str, Diagnosis]:
    return {one.complaint: one for one in found}


def only(found: Iterable[Diagnosis]) -> Diagnosis:
    (diagnosis,) = found
    return diagnosis


# --- bandwidth


def test_more_pictures_than_memory_can_move(tmp_path: Path) -> None:
    huge = scene(tmp_path, tmp_path, width=16384, height=16384, fps=1000)
    found = only(bandwidth.look(huge))
    assert found.complaint == "memory-bandwidth" and "the cameras bring 805306 MB a second" in found.found
    assert "lower fps" in found.todo
    assert not list(bandwidth.look(scene(tmp_path, tmp_path, width=64, height=64, fps=1)))


def test_a_cable_that_is_full(tmp_path: Path) -> None:
    network(tmp_path, "eth1")
    seen = {"belt": SeenCamera(interface="eth1", wire_mb_s=110.0), "usb": SeenCamera()}
    found = only(bandwidth.look(Scene(scene(tmp_path).line, (), cameras=seen, root=tmp_path)))
    assert found.complaint == "network-full" and "110 MB a second come in at eth1, which carries 125" in found.found
    write(tmp_path, "proc/net/route", ROUTES)
    assert [interface_to(a, tmp_path) for a in ("192.168.1.20", "8.8.8.8", "127.0.0.1")] == ["eth1", "eth0", "lo"]


def test_a_network_that_is_not_set_up_for_gige_cameras(tmp_path: Path) -> None:
    network(tmp_path, "eth1", mbit_s=100, mtu=1500)
    write(tmp_path, "proc/sys/net/core/rmem_max", "212992")
    found = told(bandwidth.look(scene(tmp_path, tmp_path, "aravis:first")))
    assert set(found) == {"network-slow-cable", "network-small-packets", "network-small-buffer"}
    assert "eth1 runs at 100 Mbit/s" in found["network-slow-cable"].found
    assert "sudo ip link set eth1 mtu 9000" in found["network-small-packets"].todo
    assert "208 kB" in found["network-small-buffer"].found
    assert "sysctl -w net.core.rmem_max=33554432" in found["network-small-buffer"].todo
    assert not list(bandwidth.look(scene(tmp_path, tmp_path, "0"))), "no other camera needs it"


# --- disk


@pytest.mark.parametrize(
    ("kind", "options", "complaint", "severity"),
    [
        ("nfs4", "rw", "disk-network", "error"),
        ("fuse.sshfs", "rw", "disk-network", "error"),
        ("ext4", "ro", "disk-read-only", "error"),
        ("tmpfs", "rw", "disk-in-memory", "warning"),
        ("overlay", "rw", "disk-in-container", "note"),
    ],
)
def test_a_disk_that_is_none_for_a_log(kind: str, options: str, complaint: str, severity: str, tmp_path: Path) -> None:
    place = tmp_path / "a disk"
    place.mkdir()
    point = str(place).replace(" ", "\\040")
    write(tmp_path, "proc/self/mountinfo", f"1 0 8:1 / / rw - ext4 sda rw\n2 1 8:2 / {point} {options} - {kind} sdb rw")
    found = only(disk.judge(volume_of(place, tmp_path)))
    assert (found.complaint, found.severity, found.path) == (complaint, severity, "data_dir")
    assert str(place) in found.found + found.todo
    assert not list(disk.judge(volume_of(tmp_path, tmp_path)))


def test_a_disk_without_room_for_more_files() -> None:
    found = only(disk.judge(Volume("/data", "/", "ext4", read_only=False, free=10**12, files=900)))
    assert found.complaint == "disk-inodes" and "can hold 900 more files" in found.found


def test_a_disk_that_is_slow_and_one_that_is_measured(tmp_path: Path) -> None:
    found = told(disk.judge_speed(Speed(sync_ms=180.4, write_mb_s=3.0)))
    assert "takes 180 ms until a record is safe" in found["disk-slow-commit"].found
    assert "writes 3 MB a second" in found["disk-slow"].found and "iotop" in found["disk-slow"].todo
    took = measured(tmp_path)
    assert took.sync_ms > 0 and took.write_mb_s > 0
    assert not list(tmp_path.iterdir()), "nothing is left of the probe"


def test_a_disk_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "HANGS_S", 0.05)
    away = [True]

    def hangs(folder: Path, root: Path) -> None:
        while away[0]:
            time.sleep(0.01)

    monkeypatch.setattr(disk, "volume_of", hangs)
    found = only(disk.look(scene(tmp_path)))
    away[0] = False
    assert found.complaint == "disk-hangs" and "has not answered within 0.05 s" in found.found


def logged(data_dir: Path, *utc_ns: int) -> None:
    """A log with BAD frames of these times, each with a little evidence."""
    log = DefectLog(data_dir)
    batch = Batch()
    for seq, taken_ns in enumerate(utc_ns):
        verdict = VerdictRecord("BAD", 0.9, None, (), None, "", "tiny", "s", (0.0, 0.0, 0.0, 0.0))
        frame = FrameRef("belt", 1, seq, 1, taken_ns, None, "h", "b", "r", 0, 0, 1, 1)
        folder = data_dir / f"evidence/{seq}"
        folder.mkdir(parents=True)
        (folder / "frame.png").write_bytes(b"x" * 50_000)
        batch.verdicts.append(VerdictRow("belt", 1, seq, verdict, frame, evidence=f"evidence/{seq}"))
    log.write(batch)
    log.close()


def test_days_are_told_from_the_growth_of_the_log(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    logged(tmp_path, now_ns - 2 * clock_day(), now_ns - clock_day(), now_ns)
    growth = growth_of(tmp_path, now_ns)
    assert growth is not None and growth.days == pytest.approx(2.0) and growth.bytes_a_day > 75_000
    assert growth_of(tmp_path / "none", now_ns) is None
    volume = Volume("/data", "/", "ext4", read_only=False, free=30 * 10**9)
    found = only(disk.judge_growth(volume, Growth(10 * 10**9, 2.0)))
    assert found.complaint == "disk-days-left"
    assert "30.0 GB are free; at 10.00 GB a day" in found.found and "enough for 3 days" in found.found
    assert not list(disk.judge_growth(volume, Growth(10**9, 2.0)))
    found = only(disk.judge_growth(volume, Growth(10**9, 2.0), budgeted=False))
    assert found.complaint == "disk-no-budget"


def clock_day() -> int:
    return 86_400 * 10**9


def test_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    line = scene(tmp_path)
    line.line.data_dir.mkdir()
    (line.line.data_dir / "log.sqlite").write_bytes(b"no log " * 1000)
    found = told(disk.look(line))["log-unreadable"]
    assert "not a log that can be read" in found.found and "keep a copy" in found.todo


# --- processors, memory, GPU


def test_more_threads_than_processors() -> None:
    found = only(device.judge_threads(Machine(cores=4, quota=1.5), 3, 2))
    assert (found.complaint, found.path) == ("cpu-too-few", "inspector.threads")
    assert "6 threads are to judge (3 x 2), the line has 1.5 processors" in found.found
    assert not list(device.judge_threads(Machine(cores=4), 2, 2))


@pytest.mark.parametrize("version", [1, 2])
def test_a_control_group_that_allows_less_than_the_computer_has(version: int, tmp_path: Path) -> None:
    if version == 2:
        write(tmp_path, "proc/self/cgroup", "0::/line.slice/line.service")
        write(tmp_path, "sys/fs/cgroup/line.slice/cpu.max", "50000 100000")
        write(tmp_path, "sys/fs/cgroup/line.slice/line.service/cpu.max", "max 100000")
        write(tmp_path, "sys/fs/cgroup/line.slice/memory.max", "64000000")
    else:
        write(tmp_path, "proc/self/cgroup", "4:memory:/box\n1:cpu,cpuacct:/")
        write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000")
        write(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000")
        write(tmp_path, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "64000000")
        write(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712")
    found = told(device.look(scene(tmp_path, tmp_path)))
    assert set(found) == {"cpu-quota", "memory-limit", "cpu-too-few"}
    assert "allows 0.5 of the computer's" in found["cpu-quota"].found and "docker --cpus" in found["cpu-quota"].todo
    assert "allows 64 MB" in found["memory-limit"].found


def test_processors_that_sleep_and_others_that_work(tmp_path: Path) -> None:
    for number, driver, hint in ((0, "acpi-cpufreq", ""), (1, "intel_pstate", "balance_performance")):
        folder = f"sys/devices/system/cpu/cpu{number}/cpufreq"
        write(tmp_path, f"{folder}/scaling_governor", "powersave")
        write(tmp_path, f"{folder}/scaling_driver", driver)
        write(tmp_path, f"{folder}/energy_performance_preference", hint)
    write(tmp_path, "proc/loadavg", "99.50 2.61 2.32 3/125 30687")
    write(tmp_path, "proc/meminfo", "MemTotal: 16000 kB\nMemAvailable: 12000 kB")
    found = told(device.look(scene(tmp_path, tmp_path)))
    assert set(found) - {"cpu-too-few"} == {"cpu-powersave", "cpu-busy", "memory-low"}
    assert "1 processors run with the governor powersave (acpi-cpufreq)" in found["cpu-powersave"].found
    assert "want 99.5 processors" in found["cpu-busy"].found and "top" in found["cpu-busy"].todo
    assert found["memory-low"].found.startswith("12 MB of memory are free")


def test_a_gpu_that_is_wished_and_not_there_and_one_that_nobody_uses(tmp_path: Path) -> None:
    wished = only(device.judge_gpu(Machine(cores=2), InspectorSettings(device="cuda"), ()))
    assert (wished.complaint, wished.severity) == ("gpu-no-driver", "error") and "nvidia-smi" in wished.todo
    write(tmp_path, "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t NVIDIA T4")
    idle = only(device.judge_gpu(machine_at(tmp_path), InspectorSettings(), ("CPUExecutionProvider",)))
    assert (idle.complaint, idle.severity) == ("gpu-unused", "note") and "NVIDIA T4" in idle.found
    assert not list(device.judge_gpu(machine_at(tmp_path), InspectorSettings(device="cpu"), ()))


# --- ports


def test_a_port_that_is_taken_and_by_whom() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = only(ports.judge(Wish("display.port", "127.0.0.1", port), ROOT))
        assert not list(ports.judge(Wish("display.port", "127.0.0.1", 0), ROOT))
    assert (found.complaint, found.path) == ("port-taken", "display.port")
    assert f"port {port} is taken by process {os.getpid()} (" in found.found and f"sport = :{port}" in found.todo


def test_a_port_for_root_and_an_address_of_another_computer() -> None:
    refused = ports.why_not(OSError(errno.EACCES, ""), Wish("display.port", "127.0.0.1", 80), ROOT)
    assert refused.complaint == "port-needs-rights" and "above 1023" in refused.todo
    found = only(ports.judge(Wish("display.port", "192.0.2.1", 8080), ROOT))
    assert (found.complaint, found.path) == ("port-other-address", "display.host")
    assert "192.0.2.1 is no address of this computer" in found.found


def test_a_firewall_is_not_looked_at_and_that_is_said(tmp_path: Path) -> None:
    line = LineSettings(
        (CameraSettings("belt", "0"),),
        tmp_path,
        display=DisplaySettings(host="0.0.0.0", port=8080, token_file=tmp_path / "token"),
        hosts=(HostSettings("line", "127.0.0.1"), HostSettings("gpu", "192.0.2.1", ("inspect",))),
    )
    wishes = list(ports.wishes_of(Scene(line, all_roles(line))))
    assert wishes[0] == Wish("display.port", "0.0.0.0", 8080)
    assert {wish.setting for wish in wishes[1:]} == {"links.port"}
    found = told(ports.look(Scene(line, all_roles(line))))["firewall-not-looked-at"]
    assert found.severity == "note" and "0.0.0.0 port 8080" in found.found and "ufw allow 8080/tcp" in found.todo


# --- clock

NOON = 1_795_435_200.0  # 2026-11-23, 12:00 UTC


@pytest.mark.parametrize(
    ("clock_", "complaint", "words"),
    [
        (Clock(3600.0, kept=True), "clock-wrong", "it is 1970-01-01 01:00:00 UTC here"),
        (Clock(NOON, kept=False), "clock-not-synchronised", "nobody keeps the clock right"),
        (Clock(NOON, kept=None), "clock-unknown", "cannot be seen from here"),
        (Clock(NOON, kept=True, newest_s=NOON + 7200), "clock-behind-log", "a frame of 2026-11-23 14:00:00 UTC"),
    ],
    ids=["year", "adrift", "unknown", "behind"],
)
def test_a_clock_that_is_wrong(clock_: Clock, complaint: str, words: str) -> None:
    found = only(clock.judge(clock_))
    assert found.complaint == complaint and words in found.found
    assert not list(clock.judge(Clock(NOON, kept=True, newest_s=NOON)))


def test_what_the_kernel_says_of_the_clock(tmp_path: Path) -> None:
    assert clock.kernel_status() is None or 0 <= clock.kernel_status() < 1 << 16  # type: ignore[operator]
    write(tmp_path, clock.SYNCHRONIZED, "")
    assert clock.kept_right(tmp_path) is True
    logged(tmp_path / "log", 5 * 10**9)
    assert clock.newest_on_record(tmp_path / "log") == 5.0
    assert clock.newest_on_record(tmp_path) is None


# --- the speed of judging


def test_a_computer_that_judges_less_than_the_cameras_bring(tmp_path: Path) -> None:
    found = only(speed.compare(Pace(frame_ms=25.0, tries=20, beside=1.0), 60.0))
    assert (found.complaint, found.severity) == ("judging-too-slow", "warning")
    assert found.found == "this computer judges 40 frames a second, the cameras bring 60"
    assert "tools.bench tune" in found.todo
    assert only(speed.compare(Pace(25.0, 20, 1.0), 35.0)).complaint == "judging-tight"
    assert "it just suffices" in only(speed.compare(Pace(25.0, 20, 1.0), 35.0)).found
    assert only(speed.compare(Pace(25.0, 20, 2.0), 35.0)).complaint == "judging-speed"


def test_frames_are_judged_as_the_camera_shows_them(tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []

    def judge(picture: np.ndarray, where: object) -> Verdict:
        seen.append(picture.shape)
        return Verdict(State.GOOD, 0.0)

    brought = scene(tmp_path, fps=1e9, width=64, height=48)
    assert only(speed.look(brought, judge)).complaint == "judging-too-slow"
    assert set(seen) == {(48, 64, 3)} and 2 <= len(seen) <= speed.TRIES + 1
    assert not list(speed.look(brought, None)), "without a detector there is nothing to try"


# --- packages


def test_packages_that_are_missing_other_or_there_twice() -> None:
    pins = {"av": "18.1.0", "numpy": "2.4.6", "onnxruntime": "1.31.1"}
    there = {"numpy": "1.26.0", "onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}
    found = told(versions.judge(pins, there, (3, 14)))
    assert set(found) == {"package-missing", "package-other", "package-twice", "python-untried"}
    assert found["package-missing"].found == "av is not installed" and found["package-missing"].severity == "error"
    assert found["package-other"].found == "numpy is 1.26.0, the line was tried with 2.4.6"
    assert "pip install numpy==2.4.6" in found["package-other"].todo
    assert "onnxruntime and onnxruntime-gpu are both installed" in found["package-twice"].found
    assert "Python is 3.14" in found["python-untried"].found
    gpu = {"av": "18.1.0", "numpy": "2.4.6", "onnxruntime-gpu": "1.31.1"}
    assert not list(versions.judge(pins, gpu, (3, 11))), "the GPU's package stands in for the other"


def test_the_pins_are_those_of_the_file() -> None:
    text = versions.REQUIREMENTS.read_text()
    assert versions.pins_in(text, (3, 11))["numpy"] != versions.pins_in(text, (3, 10))["numpy"]
    assert set(versions.pins_in(text, (3, 11))) == set(versions.pins_in(text, (3, 10)))
    assert len(versions.pins_in(text, sys.version_info[:2])) >= 10
    assert "package-missing" not in told(versions.look()), "the tests run with what the line needs"


# --- what dead lines left


def test_pictures_that_dead_lines_left_in_memory(tmp_path: Path) -> None:
    seen = scene(tmp_path, tmp_path)
    own = tmp_path / runtime_folder(seen.line.data_dir).relative_to("/")
    other = own.parent / "of-another-line"
    for folder in (own.parent, own, other):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / "belt.1.ring").write_bytes(os.urandom(3_000_000))
    (other / "record.lock").write_text("")
    found = told(leftovers.look(seen))
    assert set(found) == {"memory-of-dead-lines", "pictures-of-last-time"}
    assert "3 MB of shared memory hold the pictures of 1 lines" in found["memory-of-dead-lines"].found
    assert f"rm -r {other}" in found["memory-of-dead-lines"].todo
    assert found["pictures-of-last-time"].severity == "note"

    inode = (other / "record.lock").stat().st_ino
    write(tmp_path, "proc/locks", f"1: FLOCK  ADVISORY  WRITE 77 00:1d:{inode} 0 EOF")
    assert set(told(leftovers.look(seen))) == {"pictures-of-last-time"}, "whoever holds a lock there lives"


def test_a_runtime_folder_that_others_may_enter(tmp_path: Path) -> None:
    seen = scene(tmp_path, tmp_path)
    own = tmp_path / runtime_folder(seen.line.data_dir).relative_to("/")
    own.mkdir(parents=True)
    own.parent.chmod(0o755)
    found = only(leftovers.look(seen))
    assert (found.complaint, found.severity) == ("runtime-folder", "error")
    assert "mode 0755" in found.found and f"sudo rm -r {own.parent}" in found.todo
