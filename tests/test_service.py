"""The systemd unit: accepted by systemd, its exposure stated, a real line under a real systemd and all its limits."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.places import SHM
from tests.line import ROOT, TINY_BUNDLE, rows, wait_for
from tests.needs import need

UNIT = ROOT / "configs" / "systemd" / "linewatch@.service"
EXPOSURE_MAX = 2.0
USER = 60987  # service_boot.sh makes it
NO_NAMESPACES = 77  # exit code of service_boot.sh
CGROUPS = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))


def systemd(*words: str) -> str:
    need(shutil.which("systemd-analyze"), "systemd is not installed: see tests/debian-packages.txt")
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit for the line `belt`, with a program that is there."""
    unit = tmp_path / "linewatch@belt.service"
    unit.write_text(UNIT.read_text().replace("/opt/linewatch/.venv/bin/python", "/bin/true"))
    return unit


def test_systemd_finds_nothing_wrong_with_the_unit(installed: Path) -> None:
    assert systemd("verify", "--man=no", str(installed)).strip() == ""


def test_the_exposure_is_as_small_as_the_documents_say(installed: Path) -> None:
    said = systemd("security", "--offline=true", "--no-pager", str(installed))
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert exposure and float(exposure[1]) <= EXPOSURE_MAX
    assert f"exposure level of {exposure[1]}" in (ROOT / "docs" / "security.md").read_text()


# Runs of earlier starts whose ring was gone before it could be adopted, and those that still wait for their end.
GONE = """
SELECT camera, run FROM events WHERE kind = 'line_died'
UNION SELECT camera, run FROM ledger WHERE outcome = 'dropped:line_died'
"""
WAITING = """
SELECT camera, run FROM runs WHERE session < (SELECT max(session) FROM sessions) AND (ended = 0 OR captured > (
  SELECT coalesce(sum(stop - start), 0) FROM ledger WHERE ledger.camera = runs.camera AND ledger.run = runs.run))
"""
JUDGED = "SELECT 1 FROM sessions JOIN runs USING (session) GROUP BY session HAVING sum(captured) > 0"


@dataclass(frozen=True)
class Service:
    """A systemd with the line as its only service, in namespaces of its own."""

    init: int
    folder: Path

    @property
    def data_dir(self) -> Path:
        return self.folder / "state" / "linewatch" / "belt"

    def show(self, name: str) -> str:
        """What `systemctl show` says of a property."""
        words = [
            "nsenter",
            "-t",
            str(self.init),
            "-m",
            "-p",
            "systemctl",
            "show",
            "linewatch@belt",
            "-p",
            name,
            "--value",
        ]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout.strip()

    def inside(self, *words: str) -> str:
        """What a command says that sees what systemd sees."""
        words = ("nsenter", "-t", str(self.init), "-m", "-p", *words)
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout

    def restarts(self) -> int:
        return int(self.show("NRestarts") or 0)

    def until_it_judges(self, restarts: int) -> None:
        """At least so many restarts: on a machine that stands still for seconds the watchdog may add one."""

        def judges() -> bool:
            return self.restarts() >= restarts and self.show("StatusText") == "the line judges"

        try:
            wait_for(judges, "the line to judge", timeout_s=200)
            wait_for(lambda: len(rows(self.data_dir, JUDGED)) > restarts, "frames on record of this start")
        except AssertionError as error:
            state = {name: self.show(name) for name in ("NRestarts", "StatusText", "ActiveState", "Result")}
            raise AssertionError(f"{error}: {restarts} restarts wanted, {state}; it said:\n{self.said()}") from error

    def until_it_judges_again_after(self, signal_name: str) -> None:
        """The signal to the line's supervisor, and the next start at work, the frames of the dead one adopted."""
        before = self.restarts()
        self.inside("kill", f"-{signal_name}", self.show("MainPID"))
        self.until_it_judges(before + 1)
        self.until_the_dead_are_adopted()

    def until_the_dead_are_adopted(self) -> None:
        """Each run of an earlier start has ended with all its frames accounted for, and none for want of its ring."""
        wait_for(lambda: not rows(self.data_dir, WAITING), f"runs before to be closed; it said:\n{self.said()}")
        assert rows(self.data_dir, GONE) == [], self.said()

    def rings(self) -> str:
        return self.inside("find", "/dev/shm", "-user", "linewatch", "-name", "*.ring")

    def said(self) -> str:
        log = self.folder / "line.log"
        return log.read_text() if log.exists() else ""


CONF = f"""[Service]
Environment=PYTHONPATH=/run/files:{{site}} PYTHONDONTWRITEBYTECODE=1
ExecStart=
ExecStart=/opt/python/bin/python{sys.version_info[0]}.{sys.version_info[1]} -m stream run /run/files/belt.yaml
StandardOutput=append:/run/files/line.log
StandardError=append:/run/files/line.log
WatchdogSec=4
RestartSec=100ms
"""


FAULT = """# A fault of the program that a test can call: SIGUSR1 is an exception that nobody catches.
import signal
signal.signal(signal.SIGUSR1, lambda *_: 1 / 0)
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    need(Path("/lib/systemd/systemd").exists(), "systemd is not installed: see tests/debian-packages.txt")
    if os.getuid() != 0:
        pytest.skip("namespaces with a systemd of their own need root")
    site = Path("/opt/linewatch") / Path(pytest.__file__).resolve().parents[1].relative_to(ROOT)
    (tmp_path / "service.conf").write_text(CONF.format(site=site))
    (tmp_path / "sitecustomize.py").write_text(FAULT)
    (tmp_path / "belt.yaml").write_text(
        "data_dir: /var/lib/linewatch/belt\ndisplay: {enabled: false}\ncameras: {belt: {source: 'synthetic:'}}\n"
        f"inspector: {{bundle: /opt/linewatch/{TINY_BUNDLE.relative_to(ROOT)}, engine: onnxruntime}}\n"
    )
    (tmp_path / "state").mkdir()
    for folder in (tmp_path, tmp_path / "state"):
        folder.chmod(0o755)
    for file in ("belt.yaml", "sitecustomize.py"):
        (tmp_path / file).chmod(0o644)
    boot = ["sh", str(ROOT / "tests/service_boot.sh"), str(ROOT), str(tmp_path), sys.base_prefix]
    with cgroups_of_its_own() as places, (tmp_path / "boot.log").open("w") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--uts", "--cgroup", "--kill-child", *boot],
            preexec_fn=lambda: [place.joinpath("cgroup.procs").write_text(str(os.getpid())) for place in places],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            umask=0o022,  # as a booted systemd has it: its sockets are for every service
        )
        try:
            init = wait_for(lambda: process.poll() or booted(process.pid), "systemd to boot")
            if process.poll() is not None:
                said = (tmp_path / "boot.log").read_text()
                assert process.returncode in (1, NO_NAMESPACES), said
                pytest.skip(f"namespaces may not be had here: {said.strip()}")
            yield Service(init, tmp_path)
        finally:
            process.kill()
            process.wait(60)
            shutil.rmtree(SHM / f"linewatch-{USER}", ignore_errors=True)


def booted(unshare: int) -> int | None:
    """The systemd that is the first process of the namespaces which `unshare` made, once it is there."""
    children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
    for pid in children:
        with contextlib.suppress(OSError):  # gone since it was listed
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
    return None


@contextlib.contextmanager
def cgroups_of_its_own() -> Iterator[list[Path]]:
    """A cgroup in each hierarchy that systemd wants, gone with all in it afterwards."""
    roots = [root for root in CGROUPS if (root / "cgroup.procs").exists()]
    places = [root / f"linewatch-test-{os.getpid()}" for root in roots]
    try:
        for place in places:
            place.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup may be made here: {error}")
    yield places
    for place in places:
        wait_for(lambda place=place: emptied(place), f"{place} to be empty")


def emptied(place: Path) -> bool:
    """Removes the cgroup and those in it; False while a process is in one."""
    for inner in sorted((path for path in place.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            inner.rmdir()
    try:
        place.rmdir()
    except OSError:
        return False
    return True


def test_a_line_works_within_all_its_limits_and_comes_back_when_killed_hung_or_broken(service: Service) -> None:
    service.until_it_judges(0)
    status = service.inside("cat", f"/proc/{service.show('MainPID')}/status")
    found = dict(row.split(":\t", 1) for row in status.splitlines() if ":\t" in row)
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
    assert found["CapEff"] == found["CapBnd"] == "0" * 16
    assert found["Uid"].split()[0] != "0"
    folder = service.inside("stat", "-c", "%a %U", "/var/lib/linewatch/belt")
    assert folder.split() == ["700", "linewatch"]

    service.until_it_judges_again_after("KILL")
    service.until_it_judges_again_after("STOP")
    service.until_it_judges_again_after("USR1")
    assert "ZeroDivisionError" in service.said(), "the third was a fault of the program"
    assert service.rings(), "a ring that is judged from lies in shared memory"

    service.inside("systemctl", "stop", "linewatch@belt")
    assert service.show("ActiveState") == "inactive", service.said()
    assert service.show("RemoveIPC") == "no"
    assert service.rings() == "", "an orderly stop gives the memory back, by the line itself"
    assert service.show("Result") == "success"
