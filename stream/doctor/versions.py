"""The installed packages against those that the line was tried with (requirements.txt)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from stream.doctor.complaint import Complaint, Diagnosis
from stream.problem import ERROR, NOTE, WARNING

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
PIN = re.compile(r'([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*python_version\s*(<|>=)\s*"(\d+)\.(\d+)")?')
TRIED = ((3, 10), (3, 13))
STANDS_IN = {"onnxruntime": "onnxruntime-gpu"}  # the same files, for a GPU: never both

MISSING = Complaint(
    "package-missing",
    ERROR,
    "{name} is not installed",
    "the line does not start without it",
    "make setup, or: {python} -m pip install -r requirements.txt",
)
OTHER = Complaint(
    "package-other",
    WARNING,
    "{name} is {got}, the line was tried with {wanted}",
    "another version may judge otherwise, or break",
    "make setup, or: {python} -m pip install {name}=={wanted}",
)
BOTH = Complaint(
    "package-twice",
    WARNING,
    "{name} and {other} are both installed",
    "they overwrite each other's files, and pip does not notice",
    "{python} -m pip uninstall -y {name} {other}, then install the one that is wanted (docs/gpu.md)",
)
PYTHON = Complaint(
    "python-untried",
    NOTE,
    "Python is {got}; the line was tried with 3.10 to 3.13",
    "it may well work, and nobody has seen it",
    "make PYTHON=python3.11 setup",
)
COMPLAINTS = (MISSING, OTHER, BOTH, PYTHON)


def look() -> Iterator[Diagnosis]:
    """What pip has put here."""
    try:
        wanted = REQUIREMENTS.read_text()
    except OSError:  # installed otherwise: somebody else keeps the versions together
        wanted = ""
    pins = pins_in(wanted, sys.version_info[:2])
    names = {*pins, *STANDS_IN.values()}
    yield from judge(pins, {name: got for name in names if (got := _installed(name))}, sys.version_info[:2])


def judge(pins: dict[str, str], installed: dict[str, str], python: tuple[int, int]) -> Iterator[Diagnosis]:
    """Package → version, wanted and got. Pure."""
    if not TRIED[0] <= python <= TRIED[1]:
        yield PYTHON.told("", got=".".join(map(str, python)))
    for name, wanted in pins.items():
        got, other = installed.get(name), STANDS_IN.get(name, "")
        if got is not None and other in installed:
            yield BOTH.told("", name=name, other=other, python=sys.executable)
        elif got is None and other not in installed:
            yield MISSING.told("", name=name, python=sys.executable)
        elif got not in (None, wanted):
            yield OTHER.told("", name=name, got=got, wanted=wanted, python=sys.executable)


def pins_in(text: str, python: tuple[int, int]) -> dict[str, str]:
    """Package → the version that is wanted with that Python. Pure."""
    found = {}
    for row in text.splitlines():
        if (pin := PIN.match(row)) is None:
            continue
        name, version, sign, major, minor = pin.groups()
        if sign is None or (python >= (int(major), int(minor))) == (sign == ">="):
            found[name] = version
    return found


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
