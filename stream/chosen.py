"""Which engine judges: what the settings say; where they leave it open, what was chosen by measurement; else a default.

Settled once, before inspectors start: they keep it for all their restarts, so that one run is never judged by two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from detector.bundle import SHIPPED, read_id
from detector.engines.kinds import KINDS, default_engine
from detector.errors import BundleError
from stream.choices import FILE, Choice, ChoicesError, read_choices
from stream.settings import InspectorSettings, LineSettings
from stream.this_host import Host, this_host

THREADS = 2  # of one inspector, where nothing else is said
MEASURE = "`python -m tools.bench tune FILE.yaml` measures it"


@dataclass(frozen=True)
class Chosen:
    """Settings that leave nothing open, and why they are so."""

    inspector: InspectorSettings
    words: str = ""  # empty where there is nothing to tell: all is said in the settings, or nothing was ever measured


def chosen(line: LineSettings) -> Chosen:
    """How the line's inspectors judge, with the bundle that is settled. Never raises: without a choice, the default."""
    wanted = line.inspector
    default = by_default(wanted)
    if wanted.classifier is not None or not leaves_open(wanted):
        return Chosen(default)
    try:
        choices = read_choices(line.data_dir)
        bundle = read_id(wanted.bundle or SHIPPED) if choices else ""
    except ChoicesError as error:
        return Chosen(default, f"{error}; {_shown(default)} judge meanwhile")
    except BundleError:
        return Chosen(default)  # whoever opens it will say what is wrong
    return in_force(wanted, bundle, choices, this_host()) if choices else Chosen(default)


def in_force(wanted: InspectorSettings, bundle: str, choices: Sequence[Choice], host: Host) -> Chosen:
    """The choice for this bundle on this host, where it agrees with all that the settings say. Pure."""
    default = by_default(wanted)
    mine = [choice for choice in choices if choice.bundle == bundle]
    here = next((choice for choice in reversed(mine) if choice.host == host), None)
    if here is not None and (said := _against(wanted, here)):
        why = f"{FILE}: the choice for {bundle} ({here}) is not used, since the settings say {said}"
    elif here is not None:
        return Chosen(
            _taken(wanted, here), f"{here}: chosen for {bundle} by measurement, {here.utc[:10]}{_unsure(here)}"
        )
    elif mine:
        was = f"{FILE}: the choice for {bundle} ({mine[-1]})"
        why = f"{was} was made on another computer: {host.difference(mine[-1].host)}"
    else:
        why = f"nothing was chosen for {bundle}"
    return Chosen(default, f"{why}; {_shown(default)} judge. {MEASURE}")


def by_default(wanted: InspectorSettings) -> InspectorSettings:
    """The same, with a default for what is left open. Pure."""
    suffix = ".onnx" if wanted.classifier is None else ".pth"
    precision = "fp32" if wanted.precision == "auto" else wanted.precision
    engine = default_engine(suffix, precision) if wanted.engine == "auto" else wanted.engine
    threads = THREADS if wanted.threads is None else wanted.threads
    return replace(wanted, engine=engine, precision=precision, threads=threads)


def leaves_open(wanted: InspectorSettings) -> bool:
    """Whether there is anything to choose."""
    if wanted.threads is None or wanted.engine == "auto":
        return True
    return wanted.precision == "auto" and len(KINDS[wanted.engine].precisions) > 1


def _against(wanted: InspectorSettings, choice: Choice) -> str:
    """The settings that say otherwise than the choice; empty where none does."""
    pairs = {
        "engine": (wanted.engine, choice.engine),
        "device": (wanted.device, choice.device),
        "precision": (wanted.precision, choice.precision),
        "threads": (wanted.threads, choice.threads),
    }
    return ", ".join(f"{name}: {said}" for name, (said, got) in pairs.items() if said not in ("auto", None, got))


def _taken(wanted: InspectorSettings, choice: Choice) -> InspectorSettings:
    """What was measured is no order: a line that said nothing of CUDA starts with a broken driver too."""
    if choice.device != "cpu":
        return replace(by_default(wanted), engine=choice.engine, precision=choice.precision)  # device auto: CUDA first
    return replace(
        wanted, engine=choice.engine, device=choice.device, precision=choice.precision, threads=choice.threads
    )


def _unsure(choice: Choice) -> str:
    return (
        "" if choice.device == "cpu" else f"; where CUDA does not load, the CPU judges: measure again, or remove {FILE}"
    )


def _shown(settings: InspectorSettings) -> str:
    threads = f"{settings.threads} thread{'' if settings.threads == 1 else 's'}"
    return f"{settings.engine} in {settings.precision} and {threads}"


def of_bundle(line: LineSettings, bundle: Path | None) -> Chosen:
    """How the line would judge with that bundle."""
    return chosen(replace(line, inspector=replace(line.inspector, bundle=bundle)))
