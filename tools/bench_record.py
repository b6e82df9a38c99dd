"""What a suite measured, with the machine and the versions that it was measured on: written as JSON, and read back."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from .bench_rounds import Row

NVIDIA_WAIT_S = 20.0
PLACES = ("--json", "--plot", "--models")
ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([\w.-]+)==", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """What a suite gives."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()  # what a reader must know: what the floor is, which peer is not installed
    libraries: tuple[str, ...] = ()  # distributions that took part in other processes than this one


@dataclass(frozen=True)
class Machine:
    """What it ran on."""

    processor: str
    cores: int  # that this process may use
    gpu: str | None
    system: str
    python: str


@dataclass(frozen=True)
class Record:
    """One run of a suite, as it is kept."""

    suite: str
    command: str
    date: str  # UTC, ISO 8601
    machine: Machine
    versions: dict[str, str]  # distribution -> version
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


class RecordError(Exception):
    """The file is no record of the bench; the text says what to do."""


def record(suite: str, words: Iterable[str], measured: Measured) -> Record:
    """The record of what was measured just now, by `python -m tools.bench WORDS`."""
    command = " ".join(("python -m tools.bench", *without_places(words)))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    libraries = {**loaded_versions(), **{name: metadata.version(name) for name in measured.libraries}}
    versions = dict(sorted(libraries.items(), key=lambda pair: pair[0].lower()))
    return Record(suite, command, now, machine(), versions, measured.rows, measured.notes)


def without_places(words: Iterable[str]) -> list[str]:
    """The words of a command without the places of files: they are one machine's, and change no figure."""
    told = iter(words)
    kept = []
    for word in told:
        if word in PLACES:
            next(told, None)
        elif word.partition("=")[0] not in PLACES:
            kept.append(word)
    return kept


def write_record(path: Path, kept: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(kept), indent=1) + "\n")


def read_record(path: Path) -> Record:
    """Raises RecordError where the file is none."""
    try:
        fields = json.loads(path.read_text())
        return Record(
            **{
                **fields,
                "machine": Machine(**fields["machine"]),
                "rows": tuple(Row(**row) for row in fields["rows"]),
                "notes": tuple(fields["notes"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RecordError(f"{path}: no record of the bench ({error}); write one with --json") from error


def loaded_versions() -> dict[str, str]:
    """The project's requirements that this process has loaded a module of, each with its version."""
    owners = metadata.packages_distributions()
    tops = {name.partition(".")[0] for name in sys.modules}
    loaded = {name for top in tops for name in owners.get(top, ())}
    asked = {plain(pin[1]) for path in ROOT.glob("requirements*.txt") for pin in PIN.finditer(path.read_text())}
    return {name: metadata.version(name) for name in loaded if plain(name) in asked}


def plain(name: str) -> str:
    """A distribution's name as all its spellings are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def machine() -> Machine:
    """This machine."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        gpu=_gpu(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def _processor() -> str:
    """The name that the kernel gives it (proc(5), cpuinfo); some architectures have none there."""
    rows = (row.partition(":") for row in Path("/proc/cpuinfo").read_text().splitlines())
    names = [value.strip() for key, _, value in rows if key.strip() == "model name"]
    return names[0] if names else platform.machine()


def _gpu() -> str | None:
    """The name of NVIDIA's GPU; None where there is none."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_WAIT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return "; ".join(row.strip() for row in done.stdout.splitlines()) or None
