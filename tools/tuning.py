"""Which engines, precisions and thread counts are worth a measurement, and which of them is the best. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stream.settings import InspectorSettings

# Within this factor of the fastest counts as fast: the machine's noise is no smaller, and other roles want the cores.
CLOSE = 1.05


@dataclass(frozen=True)
class Setup:
    """One way to run the networks of a bundle."""

    engine: str
    device: str
    precision: str
    threads: int

    def __str__(self) -> str:
        threads = "" if self.device == "cuda" else f", {self.threads} thread{'' if self.threads == 1 else 's'}"
        return f"{self.engine} {self.device} {self.precision}{threads}"


@dataclass(frozen=True)
class Times:
    """Milliseconds a picture, through the whole cascade: the classifier on GOOD, both networks on BAD."""

    good_ms: float
    bad_ms: float

    def weighted_ms(self, bad_share: float) -> float:
        return (1.0 - bad_share) * self.good_ms + bad_share * self.bad_ms


def setups(wanted: InspectorSettings, able: Sequence[tuple[str, str, str]], cores: int) -> tuple[Setup, ...]:
    """Those that the settings leave open; able: engine, device and precision of what is here, the plainest first."""
    found = []
    for engine, device, precision in able:
        said = (wanted.engine, wanted.device, wanted.precision)
        if any(word not in ("auto", here) for word, here in zip(said, (engine, device, precision), strict=True)):
            continue
        counts = thread_counts(cores) if wanted.threads is None else (wanted.threads,)
        found += [Setup(engine, device, precision, count) for count in (counts if device == "cpu" else counts[:1])]
    return tuple(found)


def thread_counts(cores: int) -> tuple[int, ...]:
    """1, 2, 4, 8 … and all cores."""
    return tuple(sorted({1 << power for power in range(cores.bit_length()) if 1 << power <= cores} | {cores}))


def best(measured: Mapping[Setup, Times], bad_share: float) -> Setup:
    """The fastest; of those about as fast, the one with the fewest threads, then in fp32, then named first."""
    weighted = {setup: times.weighted_ms(bad_share) for setup, times in measured.items()}
    near = [setup for setup, ms in weighted.items() if ms <= CLOSE * min(weighted.values())]
    return min(near, key=lambda setup: (setup.threads, setup.precision != "fp32"))


def too_much_lost(accuracy: float, plainest: float, most_lost: float) -> bool:
    """Whether a setup gets more wrong than it may, against the plainest one."""
    return accuracy < plainest - most_lost - 1e-9
