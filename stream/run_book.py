"""What the recorder knows of one run: ledger, digest, incidents, latencies, parts. Pure; its disk is defect_log.py."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from stream.incidents import IncidentBook
from stream.ledger import Ledger
from stream.messages import CHALLENGE_SOURCE
from stream.metrics import Latencies
from stream.parts import Part, PartBook

DIGEST_MODULUS = 1 << 256
LINE_DIED = "the line died"  # the note of a run that nobody went on with


def digest_term(seq: int, state: str, score: float | None, mask_sha256: str) -> int:
    """What one judged frame adds to the digest of its run: SHA-256 over its name and its verdict, as a number.

    UNKNOWN counts by its state alone: its reason and score may depend on time.
    """
    verdict = "" if state == "UNKNOWN" or score is None else f"{round(score * 10_000)}|{mask_sha256}"
    return int.from_bytes(hashlib.sha256(f"{seq}|{state}|{verdict}".encode()).digest(), "big")


@dataclass
class RunBook:
    """One run's account. `digest` grows with the ledger, once a frame, so neither order nor repetition changes it."""

    camera: str
    run: int
    incidents: IncidentBook
    session: str = ""
    source: str = ""
    live: bool = False
    captured: int = 0
    lost: int = 0
    expired: int = 0
    ended: bool = False
    note: str = ""
    digest: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    latencies: Latencies = field(default_factory=Latencies)
    parts: PartBook = field(default_factory=PartBook)
    on_disk: bool = False  # whether the log is known to have the run

    def judge(self, seq: int, state: str, score: float | None, mask_sha256: str) -> bool:
        """Enters a verdict; False where the frame has its outcome already."""
        if not self.ledger.add(seq, seq + 1, state):
            return False
        self.digest = (self.digest + digest_term(seq, state, score, mask_sha256)) % DIGEST_MODULUS
        return True

    def account(self, start: int, stop: int, outcome: str) -> tuple[tuple[int, int], ...]:
        """Enters an outcome that capture reports; returns the frames that had none before."""
        new = self.ledger.add(start, stop, outcome)
        if outcome == "UNKNOWN":
            for first, last in new:
                for seq in range(first, last):
                    self.digest = (self.digest + digest_term(seq, outcome, None, "")) % DIGEST_MODULUS
        return new

    def settle(self, unwritten: int | None, incidents: int) -> None:
        """What is final and on disk leaves memory, but the newest `incidents`: a run may stay open for months.

        unwritten: the first frame whose interval of the ledger is not on disk; None: all are.
        """
        self.on_disk = True
        before = self.ledger.first_missing()
        before = min([before, self.parts.needs_from, *(() if unwritten is None else (unwritten,))])
        self.parts.fold(self.ledger, before)
        self.ledger.settle(before)
        self.incidents.settle(before, incidents)

    def take_parts(self) -> tuple[Part, ...]:
        """The parts that have begun, or are decided, since the last call."""
        if not self.parts:
            return ()
        self.parts.decide(self.ledger, ended=self.ended)
        return self.parts.take_changes()

    @property
    def challenge(self) -> bool:
        """Whether its pictures are no product, but stored ones that must be caught."""
        return self.source.startswith(CHALLENGE_SOURCE)

    @property
    def closed(self) -> bool:
        """Whether the run is over and each of its frames is accounted for."""
        return self.ended and self.ledger.closed(self.captured)
