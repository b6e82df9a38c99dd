"""A disk that forgets what was not synced: steps in, and at any moment what a power cut would leave. Pure, in memory.

The rules are those of POSIX, stricter than any one file system, so that what survives here survives on ext4, XFS and
btrfs alike:
- what is written to a file may be lost, kept, or kept in part (sectors of 512 bytes, in any choice), each write by
  itself and in any order, until fsync or fdatasync of that file has returned; so may a change of its size;
- a name in a folder (made, renamed, removed) may be lost or kept, each change by itself, until fsync of that *folder*;
  fsync of the file does not keep its name; a rename happens or does not, never half;
- a folder whose own name is lost is lost with all that it holds.
The wal-index of SQLite (`-shm`, written through a mapping) never survives: it is memory, and made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.power_cut_fates import MEMORY, Choice, leave
from tools.power_cut_nodes import File, Folder, Node, Wrote, rename, sync
from tools.power_cut_steps import (
    Closed,
    FolderMade,
    Mapped,
    Moved,
    Opened,
    Removed,
    Renamed,
    Sized,
    Step,
    SyncBegun,
    Synced,
    Written,
)
from tools.power_cut_trace import TraceError


@dataclass
class _Open:
    node: Node
    append: bool
    at: int = 0


class Disk:
    """The folder `root` of a disk, empty and durable at the beginning."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = Folder()
        self.changes = 0  # of what is, or is not yet, on disk
        self._open: dict[int, _Open] = {}
        self._syncing: dict[int, tuple[Node, int]] = {}  # thread: what, up to which change

    def apply(self, step: Step) -> None:
        """One step more. Raises TraceError where the trace does what this disk cannot follow."""
        match step:
            case Opened():
                self._opened(step)
            case Closed(descriptor):
                self._open.pop(descriptor, None)
            case Moved(descriptor, offset):
                if (opened := self._open.get(descriptor)) is not None:
                    opened.at = offset
            case Written():
                self._written(step)
            case Sized(descriptor, size):
                if (opened := self._open.get(descriptor)) is not None and isinstance(opened.node, File):
                    self._change_file(opened.node, Wrote(size, None), size)
            case SyncBegun(descriptor, thread):
                if (opened := self._open.get(descriptor)) is not None:
                    self._syncing[thread] = (opened.node, opened.node.kept + len(opened.node.pending))
            case Synced(_, thread):
                if (begun := self._syncing.pop(thread, None)) is not None:
                    sync(*begun)
                    self.changes += 1
            case FolderMade(path):
                self._name(path, Folder())
            case Removed(path):
                self._name(path, None)
            case Renamed(path, to):
                self._renamed(path, to)
            case Mapped(descriptor):
                self._mapped(descriptor)
            case _:
                return

    def ended(self) -> None:
        """The process is gone; what it had written stays with the kernel."""
        self._open.clear()
        self._syncing.clear()

    def leave(self, target: Path, choice: Choice) -> None:
        """Writes into the folder `target` what a power cut at this moment leaves."""
        target.mkdir(parents=True, exist_ok=True)
        leave(self._top, target, choice)

    def _opened(self, step: Opened) -> None:
        node = self._find(step.path)
        if node is None and step.create and self._folder_of(step.path) is not None:
            node = File()
            self._name(step.path, node)
        if node is None:
            return
        if step.truncate and isinstance(node, File):
            self._change_file(node, Wrote(0, None), 0)
        self._open[step.descriptor] = _Open(node, step.append)

    def _written(self, step: Written) -> None:
        opened = self._open.get(step.descriptor)
        if opened is None or not isinstance(opened.node, File):
            return
        file = opened.node
        offset = step.offset if step.offset is not None else file.size if opened.append else opened.at
        self._change_file(file, Wrote(offset, step.content), max(file.size, offset + len(step.content)))
        if step.offset is None:
            opened.at = offset + len(step.content)

    def _renamed(self, path: Path, to: Path) -> None:
        node, source, goal = self._find(path), self._folder_of(path), self._folder_of(to)
        if node is None or source is None or goal is None:
            return
        if source is not goal:
            raise TraceError(f"{path} to {to}: a rename between two folders is not replayed")
        self._change_names(source, {path.name: None, to.name: node})

    def _mapped(self, descriptor: int) -> None:
        opened = self._open.get(descriptor)
        if opened is None:
            return
        name = next((n for n, node in _walk(self._top) if node is opened.node), "a file without a name")
        if not name.endswith(MEMORY):
            raise TraceError(f"{name}: is written through a mapping, which no trace shows")

    def _name(self, path: Path, node: Node | None) -> None:
        folder = self._folder_of(path)
        if folder is not None:
            self._change_names(folder, {path.name: node})

    def _change_file(self, file: File, wrote: Wrote, size: int) -> None:
        file.pending.append(wrote)
        file.size = size
        self.changes += 1

    def _change_names(self, folder: Folder, names: dict[str, Node | None]) -> None:
        folder.pending.append(names)
        rename(folder.now, names)
        self.changes += 1

    def _folder_of(self, path: Path) -> Folder | None:
        found = self._find(path.parent)
        return found if isinstance(found, Folder) else None

    def _find(self, path: Path) -> Node | None:
        if path == self._root:
            return self._top
        if not path.is_relative_to(self._root):
            return None
        node: Node | None = self._top
        for name in path.relative_to(self._root).parts:
            node = node.now.get(name) if isinstance(node, Folder) else None
        return node


def _walk(folder: Folder) -> list[tuple[str, Node]]:
    found: list[tuple[str, Node]] = []
    for name, node in folder.now.items():
        found.append((name, node))
        if isinstance(node, Folder):
            found += _walk(node)
    return found
