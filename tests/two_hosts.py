"""Two hosts for tests: network namespaces with a cable between them where root allows, else two loopback addresses."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream.curve import new_pair
from stream.far import KEYS_SUFFIX
from stream.keys import KeyFolder
from tests.line import ROOT, RunningLine, data_dir_of

LINE, GPU = "line", "gpu"


@dataclass(frozen=True)
class TwoHosts:
    """The hosts `line` and `gpu`: what runs a command there, and their addresses."""

    prefix: dict[str, tuple[str, ...]]
    address: dict[str, str]
    cable: tuple[str, ...] = ()  # `ip` words that name it; none on loopback

    @property
    def apart(self) -> bool:
        """Whether they are two network namespaces, with a cable that can be cut."""
        return bool(self.cable)

    def cut(self) -> None:
        _ip(*self.cable, "down")

    def mend(self) -> None:
        _ip(*self.cable, "up")

    def settings(self, frames: str, runs: str = "inspect") -> str:
        """The sections `hosts` and `links` of the line's YAML; `runs` are the roles of the host gpu."""
        return (
            f"hosts:\n  {LINE}: {{address: {self.address[LINE]}}}\n"
            f"  {GPU}: {{address: {self.address[GPU]}, runs: [{runs}]}}\n"
            f"links:\n  port: {12000 + os.getpid() % 20000}\n  frames: {frames}\n"
        )

    def command(self, host: str, *words: str) -> list[str]:
        return [*self.prefix[host], sys.executable, "-m", "stream", *words, "--set", f"links.here={host}"]


def may_make_namespaces() -> bool:
    """Whether `ip` is there and allowed to."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"lwt{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "del", name)
    return made


@contextlib.contextmanager
def two_hosts() -> Iterator[TwoHosts]:
    """Two namespaces with nothing but each other; gone at the end."""
    if not may_make_namespaces():
        yield TwoHosts({LINE: (), GPU: ()}, {LINE: "127.0.0.1", GPU: "127.0.0.2"})
        return
    names = {host: f"lw{os.getpid()}{host}" for host in (LINE, GPU)}
    ends = {host: f"lw{os.getpid() % 100000}{host[0]}" for host in (LINE, GPU)}
    address = {LINE: "10.213.7.1", GPU: "10.213.7.2"}
    try:
        for host in (LINE, GPU):
            _ip("netns", "add", names[host])
        _ip("link", "add", ends[LINE], "netns", names[LINE], "type", "veth", "peer", ends[GPU], "netns", names[GPU])
        for host in (LINE, GPU):
            _ip("-n", names[host], "addr", "add", f"{address[host]}/24", "dev", ends[host])
            for device in ("lo", ends[host]):
                _ip("-n", names[host], "link", "set", device, "up")
        prefix: dict[str, tuple[str, ...]] = {host: ("ip", "netns", "exec", names[host]) for host in (LINE, GPU)}
        yield TwoHosts(prefix, address, ("-n", names[GPU], "link", "set", ends[GPU]))
    finally:
        for host in (LINE, GPU):
            subprocess.run(["ip", "netns", "del", names[host]], capture_output=True, check=False)


def share_keys(hosts: TwoHosts, file: Path) -> Path:
    """Makes the line's keys, and the folder of the other host with its own half; returns that."""
    folder = data_dir_of(file).with_name(data_dir_of(file).name + KEYS_SUFFIX)
    for host in (LINE, GPU):
        KeyFolder(folder).keep(host, new_pair())
    theirs = file.parent / "gpu-keys"
    theirs.mkdir(mode=0o700)
    (folder / f"{GPU}.secret").rename(theirs / f"{GPU}.secret")
    for public in folder.glob("*.public"):
        shutil.copy(public, theirs)
    return theirs


@contextlib.contextmanager
def running_line(hosts: TwoHosts, file: Path) -> Iterator[RunningLine]:
    """The line on its own host; whatever is left of it is killed at the end."""
    log_file = file.with_suffix(".log")
    command = hosts.command(LINE, "run", str(file), "--until-end", "--json")
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield RunningLine(process, data_dir_of(file), log_file)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@dataclass
class FarRole:
    """A role on the other host, started alone; may be killed and started again."""

    hosts: TwoHosts
    words: tuple[str, ...]
    log_file: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                self.hosts.command(GPU, *self.words), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
            self.process = None

    def said(self) -> str:
        return self.log_file.read_text()


@contextlib.contextmanager
def far_role(hosts: TwoHosts, file: Path, keys: Path, *role: str) -> Iterator[FarRole]:
    """A role on the host gpu, with a data_dir of its own: it can see no ring and no log of the line's host."""
    away = file.parent / "gpu-data"
    words = (role[0], str(file), *role[1:], "--set", f"data_dir={away}", "--set", f"links.keys={keys}")
    started = FarRole(hosts, words, file.parent / f"gpu-{role[0]}.log")
    started.start()
    try:
        yield started
    finally:
        started.kill()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)
