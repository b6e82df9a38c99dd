"""What a process did to its files and sockets, in order, read from `strace -f -xx`. Knows no disk and no line.

The kernel's own account is used, rather than a shim between program and C library: it sees every write, whichever
library made it (SQLite's, Python's, OpenCV's), and nothing in the traced program is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.power_cut_steps import (
    Closed,
    FolderMade,
    Mapped,
    Moved,
    Opened,
    Received,
    Removed,
    Renamed,
    Sent,
    Sized,
    Step,
    SyncBegun,
    Synced,
    Written,
)

TRACED = (
    "openat,open,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,"
    "truncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat,"
    "copy_file_range,sendfile,sync_file_range,mmap,sendto,sendmsg,recvfrom"
)
LONGEST = 8 * 1024 * 1024  # bytes of one write that strace prints in full
_LINE = re.compile(r"(\d+) +(.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
UNFINISHED = " <unfinished ...>"


class TraceError(ValueError):
    """The trace has something that cannot be replayed; the text says what."""


def strace_command(output: Path) -> list[str]:
    """What to put before a command, so that it is traced into `output`; the process itself stays the caller's child."""
    words = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-xx", "-s", str(LONGEST)]
    return [*words, "-e", "signal=none", "-e", f"trace={TRACED}", "-o", str(output)]


def read_trace(path: Path, cwd: Path) -> list[Step]:
    """The steps of one process, all its threads together. Raises TraceError where one cannot be replayed."""
    return list(steps_of(path.read_text().splitlines(), cwd))


def steps_of(lines: Iterable[str], cwd: Path) -> list[Step]:
    """Each call counts from its beginning, a sync and the opening of a file from their end."""
    reading = _Reading(cwd)
    for line in lines:
        matched = _LINE.match(line)
        if matched is not None and not matched[2].startswith(("+++", "---")):
            reading.take(int(matched[1]), matched[2])
    return [step for step in reading.steps if step is not None]


class _Reading:
    """The lines so far: a call that another thread interrupts stands in two of them."""

    def __init__(self, cwd: Path) -> None:
        self.steps: list[Step | None] = []
        self._cwd = cwd
        self._begun: dict[int, tuple[int, str]] = {}  # thread: its place among the steps, its text so far
        self._folders: dict[int, Path] = {}

    def take(self, thread: int, text: str) -> None:
        resumed = _RESUMED.match(text)
        if resumed is None:
            at = len(self.steps)
            self.steps.append(None)
        elif thread in self._begun:
            at, before = self._begun.pop(thread)
            text = before + resumed[2]
        else:
            return
        if text.endswith(UNFINISHED):
            text = text.removesuffix(UNFINISHED)
            self._begun[thread] = (at, text)
        if (descriptor := _sync_of(text)) is not None:
            self._sync(at, descriptor, thread, done=text.endswith("= 0"))
        elif thread not in self._begun:
            step = _step(text, self._cwd, self._folders)
            if isinstance(step, Opened):  # until then its number may be another file's, which is closed meanwhile
                self.steps.append(step)
            else:
                self.steps[at] = step

    def _sync(self, at: int, descriptor: int, thread: int, *, done: bool) -> None:
        self.steps[at] = SyncBegun(descriptor, thread)
        if done:
            self.steps.append(Synced(descriptor, thread))


def _sync_of(text: str) -> int | None:
    matched = re.match(r"(?:fsync|fdatasync)\((\d+)", text)
    return int(matched[1]) if matched else None


@dataclass(frozen=True)
class _Call:
    """A finished call: its arguments with texts taken out, the texts, what it returned."""

    name: str
    words: list[str]
    texts: list[bytes]
    result: int
    cwd: Path
    folders: dict[int, Path]  # of open descriptors

    def path(self, number: int = 0, at: str = "AT_FDCWD") -> Path:
        named = Path(self.texts[number].decode())
        base = self.cwd if at == "AT_FDCWD" else self.folders.get(int(at), self.cwd)
        return base / named


def _step(text: str, cwd: Path, folders: dict[int, Path]) -> Step | None:
    matched = _CALL.match(text)
    if matched is None or matched[3] == "?" or matched[3].startswith("-"):
        return None
    texts = [bytes.fromhex(found.replace("\\x", "")) for found in _TEXT.findall(matched[2])]
    words = [word.strip() for word in _TEXT.sub("@", matched[2]).split(",")]
    call = _Call(matched[1], words, texts, int(matched[3], 0), cwd, folders)
    read = READERS.get(call.name)
    if read is None:
        raise TraceError(f"{call.name}: a call that cannot be replayed; known here: {', '.join(sorted(READERS))}")
    return read(call)


def _opened(call: _Call) -> Step:
    path, flags = call.path(0, call.words[0]), call.words[2]
    call.folders[call.result] = path
    return Opened(call.result, path, "O_CREAT" in flags, "O_TRUNC" in flags, "O_APPEND" in flags)


def _mapped(call: _Call) -> Step | None:
    shared = "MAP_SHARED" in call.words[3] and "PROT_WRITE" in call.words[2]
    return Mapped(int(call.words[4])) if shared and int(call.words[4]) >= 0 else None


def _written(call: _Call) -> Step:
    offset = int(call.words[3]) if call.name == "pwrite64" else None
    return Written(int(call.words[0]), call.texts[0][: call.result] if call.texts else b"", offset)


def _gathered(call: _Call) -> Step:
    return Written(int(call.words[0]), b"".join(call.texts)[: call.result], None)


def _sent(call: _Call) -> Step:
    return Sent(int(call.words[0]), call.texts[0][: call.result] if call.texts else b"")


def _received(call: _Call) -> Step:
    return Received(int(call.words[0]), call.texts[0][: call.result] if call.texts else b"")


def _removed(call: _Call) -> Step:
    return Removed(call.path(0, call.words[0] if call.name == "unlinkat" else "AT_FDCWD"))


def _made(call: _Call) -> Step:
    return FolderMade(call.path(0, call.words[0] if call.name == "mkdirat" else "AT_FDCWD"))


def _renamed(call: _Call) -> Step:
    if call.name == "rename":
        return Renamed(call.path(0), call.path(1))
    return Renamed(call.path(0, call.words[0]), call.path(1, call.words[2]))


def _closed(call: _Call) -> Step:
    call.folders.pop(int(call.words[0]), None)
    return Closed(int(call.words[0]))


READERS: dict[str, Callable[[_Call], Step | None]] = {
    "openat": _opened,
    "close": _closed,
    "lseek": lambda call: Moved(int(call.words[0]), call.result),
    "write": _written,
    "pwrite64": _written,
    "writev": _gathered,
    "ftruncate": lambda call: Sized(int(call.words[0]), int(call.words[1])),
    "rename": _renamed,
    "renameat": _renamed,
    "renameat2": _renamed,
    "unlink": _removed,
    "unlinkat": _removed,
    "rmdir": _removed,
    "mkdir": _made,
    "mkdirat": _made,
    "mmap": _mapped,
    "sendto": _sent,
    "recvfrom": _received,
}
