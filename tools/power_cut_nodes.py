"""What lies on a disk that forgets: files and folders, each as it is on disk and as it is for those who look now."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrote:
    """A change of a file that is not on disk yet: bytes at an offset, or, without bytes, a new size."""

    offset: int
    content: bytes | None


@dataclass
class File:
    """A file: what is on disk, what is not yet, and how long it is for those who read it now."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Wrote] = field(default_factory=list)
    kept: int = 0  # changes that are on disk
    size: int = 0


@dataclass
class Folder:
    """A folder: names on disk, names now, and the changes between them, each a set of names and what they mean."""

    durable: dict[str, Node] = field(default_factory=dict)
    now: dict[str, Node] = field(default_factory=dict)
    pending: list[dict[str, Node | None]] = field(default_factory=list)
    kept: int = 0


Node = File | Folder


def rename(names: dict[str, Node], changed: dict[str, Node | None]) -> None:
    """Names in a folder come, go or mean something else; None: the name goes."""
    for name, node in changed.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def sync(node: Node, upto: int) -> None:
    """All changes up to that one are on disk. Another sync may have been faster: what it kept is pending no more."""
    count = max(0, upto - node.kept)
    if isinstance(node, File):
        for wrote in node.pending[:count]:
            write(node.durable, wrote)
    else:
        for names in node.pending[:count]:
            rename(node.durable, names)
    del node.pending[:count]
    node.kept += count


def write(content: bytearray, wrote: Wrote) -> None:
    """The change, done."""
    if wrote.content is None:
        del content[wrote.offset :]
        content.extend(bytes(wrote.offset - len(content)))
        return
    content.extend(bytes(max(0, wrote.offset - len(content))))
    content[wrote.offset : wrote.offset + len(wrote.content)] = wrote.content
