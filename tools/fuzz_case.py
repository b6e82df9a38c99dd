"""What a fuzzer is asked for, and what it gives back. Knows no target."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
TINY_BUNDLE = ROOT / "tests" / "fixtures" / "tiny_bundle"


@dataclass(frozen=True)
class Order:
    """How long, from which draw on, and where findings go."""

    seed: int
    count: int | None  # cases (a socket: messages); None: as many as fit into the time
    seconds: float | None  # None: no limit
    out: Path  # findings are kept under out/TARGET/

    def over(self, done: int, began_s: float) -> bool:
        """Whether so many cases are enough; `began_s` on the monotonic clock."""
        if self.count is not None and done >= self.count:
            return True
        return self.seconds is not None and time.monotonic() - began_s >= self.seconds


@dataclass(frozen=True)
class Finding:
    """One thing that must not happen."""

    kind: str  # crash | hang | slow | memory | exception | accepted | lost
    text: str
    case: bytes = b""


@dataclass
class Result:
    """What came of one target."""

    target: str
    cases: int = 0
    refused: int = 0  # with the error that is documented for it, or counted as garbage
    read: int = 0  # taken for what they are: a mutation need not break anything
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def found(self, kind: str, text: str, case: bytes = b"") -> None:
        self.findings.append(Finding(kind, text, case))

    def line(self) -> str:
        """One line for people."""
        rate = self.cases / self.seconds if self.seconds else 0.0
        return (
            f"{self.target:<16} {self.cases:>8} cases  {self.refused:>8} refused  {self.read:>7} read  "
            f"{len(self.findings):>3} findings  {self.seconds:7.1f} s  {rate:8.0f}/s"
        )


def keep(out: Path, target: str, finding: Finding) -> Path | None:
    """The finding's case as a file, with its text beside; None where it has no bytes."""
    if not finding.case:
        return None
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"found-{finding.kind}-{hashlib.sha256(finding.case).hexdigest()[:12]}"
    path.write_bytes(finding.case)
    path.with_suffix(".txt").write_text(finding.text)
    return path
