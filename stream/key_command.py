"""`python -m stream keys make|list|revoke`: who may meet this line's roles over the network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from stream.check import add_line_arguments
from stream.configuration import read_line
from stream.curve import new_pair
from stream.far import key_folder
from stream.host_limits import host_name
from stream.keys import SECRET, KeyFileError, KeyFolder, fingerprint
from stream.settings import LineSettings

EXAMPLE = """examples:
  python -m stream keys make configs/remote.yaml              a pair for each host of the line that has none
  python -m stream keys make configs/remote.yaml gpu2         a pair for a host of that name
  python -m stream keys list configs/remote.yaml
  python -m stream keys revoke configs/remote.yaml gpu        out within seconds, also of a line that runs

Each host needs NAME.secret of its own and NAME.public of the others. Revoke on every host that the key can reach."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Makes, lists and revokes the keys of a line's hosts; they are files, one a host."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", choices=tuple(ACTIONS))
    add_line_arguments(parser)
    parser.add_argument("--keys", type=Path, help="the folder; default: links.keys of the file")
    parser.add_argument("names", nargs="*", metavar="HOST", help="hosts; make without any: all of the line")


def run(arguments: argparse.Namespace) -> int:
    """0 done, 1 refused; nothing secret is printed."""
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    folder = KeyFolder(arguments.keys.resolve()) if arguments.keys else key_folder(line)
    for name in arguments.names:
        if (refusal := host_name(name)) is not None:
            print(f"{name}: {refusal}", file=sys.stderr)
            return 1
    try:
        return ACTIONS[arguments.what](line, folder, arguments.names)
    except KeyFileError as error:
        print(error, file=sys.stderr)
        return 1


def make(line: LineSettings, folder: KeyFolder, names: Sequence[str]) -> int:
    known = set(folder.allowed().values())
    wanted = names or [host.name for host in line.hosts if host.name not in known]
    for name in wanted:
        folder.keep(name, new_pair())
        secret = folder.path / f"{name}{SECRET}"
        print(f"{name}: key {fingerprint_of(folder, name)} made; move {secret} to that host, and to no other")
    if not wanted:
        print(f"{folder.path}: every host of the line has a key" if line.hosts else "the line has no hosts; name one")
    return 0 if wanted or line.hosts else 1


def show(line: LineSettings, folder: KeyFolder, names: Sequence[str]) -> int:
    hosts = {host.name for host in line.hosts}
    for key, name in sorted(folder.allowed().items(), key=lambda pair: pair[1]):
        if not names or name in names:
            print(f"{name:<32} {fingerprint(key)}  let in{'' if name in hosts else ', no host of this line'}")
    for key, name in sorted(folder.withdrawn().items(), key=lambda pair: pair[1]):
        if not names or name in names:
            print(f"{name:<32} {fingerprint(key)}  revoked")
    return 0


def revoke(line: LineSettings, folder: KeyFolder, names: Sequence[str]) -> int:
    if not names:
        print("which host? name it", file=sys.stderr)
        return 1
    for name in names:
        print(f"{name}: key {folder.revoke(name)} is revoked; a line that runs drops its connections within seconds")
    return 0


def fingerprint_of(folder: KeyFolder, name: str) -> str:
    return next(fingerprint(key) for key, owner in folder.allowed().items() if owner == name)


ACTIONS: dict[str, Callable[[LineSettings, KeyFolder, Sequence[str]], int]] = {
    "make": make,
    "list": show,
    "revoke": revoke,
}
