"""What people said at the page of a soaked line, and what the line's own audit says of its log. Judges nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.soak_check_log import UnreadableError

ACTS, AUDIT = "acts.jsonl", "audit.json"


@dataclass(frozen=True)
class Spoken:
    """One act, as it was answered last."""

    id: str
    kind: str
    subject: str
    said: dict[str, Any]
    ok: bool
    at_s: float

    @property
    def frame(self) -> tuple[str, int, int]:
        """Of a review or a pin."""
        camera, run, seq = self.subject.split("/")
        return camera, int(run), int(seq)


@dataclass(frozen=True)
class Audit:
    """How `stream audit verify` came out."""

    exit_code: int
    findings: tuple[str, ...]


def read_spoken(folder: Path) -> tuple[Spoken, ...]:
    """Nothing where nobody spoke. Raises UnreadableError."""
    path = folder / ACTS
    found: dict[str, Spoken] = {}
    try:
        for line in path.read_text().splitlines() if path.exists() else []:
            said = json.loads(line)
            before = found.get(said["id"])
            ok = said["answer"] == "ok" or (before is not None and before.ok)
            at_s = said["mono_ns"] / 1e9
            found[said["id"]] = Spoken(said["id"], said["kind"], said["subject"], json.loads(said["new"]), ok, at_s)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}: cannot be read as tools/soak_said.py describes it: {error}") from error
    return tuple(found.values())


def read_audit(folder: Path) -> Audit | None:
    """None where nobody asked. Raises UnreadableError."""
    path = folder / AUDIT
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text())
        return Audit(said["exit_code"], tuple(str(one) for one in said["findings"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
