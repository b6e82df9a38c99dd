"""The suite `log`: how large a log becomes, and how long the page waits for what is looked for in it.

Two logs without pictures (bench_log_made.py), each question as the page's calls ask it, with a connection of its own
that has read nothing yet; and the audit of the whole. The limits are those that the project has set itself.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from stream.audit_check import Finding, check_chain
from stream.audit_tables import checks
from stream.log_reading import open_for_reading
from stream.log_schema import FILE
from stream.searching import INCIDENTS, IncidentQuery
from stream.searching_terms import listing_page

from .bench_log_made import FIRST_NS, MILLION, YEAR, Plan, make_log
from .bench_record import Measured
from .bench_rounds import Contender, Row, compare, row_of

PLANS = {"million": MILLION, "year": YEAR}
FIRST_MS, FILTER_MS, YEAR_MB = 200.0, 300.0, 2000.0
MS = "ms"
FILTERS: dict[str, Callable[[Plan], IncidentQuery]] = {
    "first list": lambda _: IncidentQuery(),
    "camera": lambda plan: IncidentQuery(camera=f"camera{plan.cameras}"),
    "camera that there is not": lambda _: IncidentQuery(camera="camera99"),
    "an hour in the middle": lambda plan: IncidentQuery(since=str(_middle_ns(plan)), until=str(_middle_ns(plan, 3600))),
    "part": lambda plan: IncidentQuery(part=f"A-{plan.incidents * plan.every // 80:08d}"),
    "score, few": lambda _: IncidentQuery(score_min=0.99995),
    "score, many": lambda _: IncidentQuery(score_min=0.6),
    "length, few": lambda _: IncidentQuery(length_min_px=299.99),
    "area, none": lambda _: IncidentQuery(area_min_px=1e6),
    "not reviewed": lambda _: IncidentQuery(review="none"),
    "reviewed": lambda _: IncidentQuery(review="any"),
    "unsure": lambda _: IncidentQuery(review="unsure"),
    "bundle": lambda _: IncidentQuery(bundle="codes@01b2c3d4e5f6"),
    "bundle that there is not": lambda _: IncidentQuery(bundle="codes@99"),
    "recipe": lambda _: IncidentQuery(recipe="lid"),
    "recipe that there is not": lambda _: IncidentQuery(recipe="box"),
    "pinned": lambda _: IncidentQuery(pinned="1"),
    "without evidence": lambda _: IncidentQuery(has_evidence="0"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", nargs="*", choices=list(PLANS), default=list(PLANS), help="default: both")
    parser.add_argument("--seed", type=int, default=7, help="of what stands in them (default: 7)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="keep the logs there, and take them from there")


def measure(arguments: argparse.Namespace) -> Measured:
    """Each log: its size, each question, the audit."""
    rows: list[Row] = []
    with _folder(arguments.models) as folder:
        for name in arguments.logs:
            plan = PLANS[name]
            data_dir = folder / f"{name}-{arguments.seed}"
            if not (data_dir / FILE).is_file():
                make_log(data_dir, plan, arguments.seed)
            rows += _measured(data_dir, plan, arguments.rounds)
    notes = (
        f"limits: first list {FIRST_MS:.0f} ms and any filter {FILTER_MS:.0f} ms with 50,000 incidents; "
        f"the year {YEAR_MB:.0f} MB",
        "each question has a connection of its own, and the file lies in the system's memory",
    )
    return Measured(tuple(rows), notes)


def _measured(data_dir: Path, plan: Plan, rounds: int) -> Iterator[Row]:
    yield row_of(plan.name, "log", "MB", [(data_dir / FILE).stat().st_size / 1e6])
    contenders = [Contender(name, _asked(data_dir, made(plan))) for name, made in FILTERS.items()]
    yield from compare(plan.name, contenders, rounds, None)
    yield from _audited(data_dir, plan)


def _asked(data_dir: Path, wanted: IncidentQuery) -> Callable[[], Mapping[str, float]]:
    query = listing_page(INCIDENTS, wanted)

    def once() -> Mapping[str, float]:
        began_s, cpu_s = time.perf_counter(), time.thread_time()
        with contextlib.closing(open_for_reading(data_dir)) as db:
            found = db.execute(query.sql, query.values).fetchall()
        took = {MS: (time.perf_counter() - began_s) * 1000, "CPU ms": (time.thread_time() - cpu_s) * 1000}
        return {**took, "found": float(len(found))}

    return once


def _audited(data_dir: Path, plan: Plan) -> Iterator[Row]:
    """The audit of the whole. Raises SystemExit where it finds something: then the log was not made as recorded."""
    before_mb, began_s = _peak_mb(), time.process_time()
    with contextlib.closing(open_for_reading(data_dir)) as db:
        found = chain(check_chain(db), *(check(db) for check in checks(db).values()))
        wrong = [step.text for step in found if isinstance(step, Finding)]
    if wrong:
        raise SystemExit(f"the audit found {wrong[0]}")
    yield row_of(plan.name, "audit", "CPU s", [time.process_time() - began_s])
    yield row_of(plan.name, "audit", "MB more", [_peak_mb() - before_mb])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _middle_ns(plan: Plan, later_s: float = 0.0) -> int:
    return FIRST_NS + round((plan.incidents * plan.every / plan.fps / 2 + later_s) * 1e9)


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
