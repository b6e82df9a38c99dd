"""/metrics: text that Prometheus reads, counters that never go back, labels that are bounded; a dashboard that fits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.bookkeeping import Bookkeeping
from stream.exposition import Family, Sample, Times, escaped, number, text_of
from stream.histogram import BOUNDS_S, Counting, Histogram
from stream.measured import Measured
from stream.messages import (
    CameraCounts,
    CameraStatus,
    ChallengeStatus,
    HouseStatus,
    LineStatus,
    RoleStatus,
)
from stream.monotone import Monotone
from stream.settings import CameraSettings, LineSettings
from stream.web.board import Board
from stream.web.metrics_page import REASONS_MAX, MetricsPage, few
from stream.web.talk import PageCounts
from tests.frames import judged
from tests.test_bookkeeping import GAP

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')
TIMES = st.lists(st.floats(0, 20), max_size=30)


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """As a reader of the format takes it apart; a line that does not fit fails."""
    found = {}
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds, "a family stands once"
            kinds[name] = kind
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            assert match, line
            base = re.sub(r"_(bucket|sum|count)$", "", match[1]) if match[1] not in kinds else match[1]
            assert base in kinds, line
            key = match[1], tuple(LABEL.findall(match[2] or ""))
            assert key not in found, line
            found[key] = float(match[3])
    assert text.endswith("\n") or not text
    return found


def board(*, cameras: int = 1, name: str = "hall 2") -> Board:
    names = [f"belt{n}" for n in range(cameras)]
    return Board(LineSettings(tuple(CameraSettings(n, "synthetic:") for n in names), name=name), "s")


def line_status(good: int = 5, recorder: str = "one", dropped: dict[str, int] | None = None) -> LineStatus:
    books = Bookkeeping("s", recorder, GAP, lambda _c, _r: None)
    measured = Measured(recorder, lambda: 10**9)
    books.on_new.append(measured.judged)
    for seq in range(good):
        of = judged(seq)
        books.judged(
            replace(of, frame=replace(of.frame, camera="belt0"), taken_mono_ns=of.frame.captured_mono_ns + 10**6)
        )
    measured.committed(0.004)
    counts = CameraCounts("belt0", good + 3, good, 1, 2, dropped or {"newest": 3}, False, 1, lost=4)
    challenge = ChallengeStatus("belt0", 0, False, 7 * 10**9, "caught", {"caught": 2, "missed": 1})
    return LineStatus(
        *("s", "onnxruntime", "codes-1", (counts,), (), None, None, ("an alarm",)),
        challenges=(challenge, replace(challenge, camera="a stranger")),
        figures=measured.taken(2),
    )


def said(page: MetricsPage, of: Board) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    status = of.status(PageCounts(2, 0, 0, 0, {"wrong host": 3}), 1)
    return read(page.text(of.seen(status)))


def whole() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    of = board()
    of.take(line_status(), 1)
    of.take(CameraStatus("belt0", 1, "running", "", 9, 25.0, 2, 40.0, {"newest": 3}, 4, True, held=5), 1)
    of.take(HouseStatus((RoleStatus("capture belt0", "running", 2, ""),), ()), 1)
    return said(MetricsPage(), of)


def test_the_whole_page_can_be_read_and_says_what_the_line_said() -> None:
    found = whole()
    camera = (("camera", "belt0"),)
    assert found["linewatch_frames_captured_total", camera] == 8
    assert found["linewatch_verdicts_total", (*camera, ("state", "GOOD"))] == 5
    assert found["linewatch_frames_dropped_total", (*camera, ("reason", "newest"))] == 3
    assert found["linewatch_frames_lost_total", camera] == 4
    assert found["linewatch_latency_seconds_count", camera] == found["linewatch_age_seconds_count", camera] == 5
    assert found["linewatch_latency_seconds_bucket", (*camera, ("le", "0.02"))] == 5
    assert found["linewatch_latency_seconds_bucket", (*camera, ("le", "0.01"))] == 0
    assert found["linewatch_commit_seconds_count", ()] == 1
    assert found["linewatch_queue_oldest_age_seconds", camera] == 0.04
    assert found["linewatch_ring_slots_held", camera] == 5
    assert found["linewatch_role_restarts_total", (("role", "capture belt0"),)] == 2
    assert found["linewatch_challenges_total", (*camera, ("result", "missed"))] == 1
    assert found["linewatch_requests_refused_total", (("kind", "wrong host"),)] == 3
    assert not any("stranger" in str(labels) for _, labels in found)


def test_a_line_of_which_nothing_is_known_yet_can_be_read_too() -> None:
    found = said(MetricsPage(), board())
    assert found["linewatch_recorder_up", ()] == 0
    assert ("linewatch_commit_seconds_count", ()) not in found


def test_an_alert_on_an_open_ledger_does_not_go_off_for_a_camera_that_gave_no_picture() -> None:
    of = board(cameras=2)
    of.take(line_status(), 1)  # it knows of belt0, whose run goes on
    found = said(MetricsPage(), of)
    ledgers = {labels[0][1]: value for (name, labels), value in found.items() if name == "linewatch_ledger_closed"}
    assert ledgers == {"belt0": 0, "belt1": 1}


def test_counters_never_go_back_when_the_recorder_begins_anew() -> None:
    of, page = board(), MetricsPage()
    before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for status in (line_status(9), line_status(4, "two"), line_status(6, "two"), line_status(1, "three")):
        of.take(status, 1)
        found = said(page, of)
        counters = {k: v for k, v in found.items() if re.search(r"_(total|bucket|sum|count)$", k[0])}
        assert all(counters[key] >= value for key, value in before.items())
        before = counters
    assert before["linewatch_latency_seconds_count", (("camera", "belt0"),)] == 9 + 6 + 1
    assert before["linewatch_verdicts_total", (("camera", "belt0"), ("state", "GOOD"))] == 9


@given(st.lists(st.tuples(st.sampled_from("ab"), TIMES), max_size=6))
def test_a_histogram_of_several_lives_is_the_sum_of_them(lives: list[tuple[str, list[float]]]) -> None:
    kept, whole_count, told = Monotone(), 0, Histogram()
    for n, (_, times) in enumerate(lives):
        counting = Counting()
        for one in times:
            counting.add(one)
            told = kept.summed("x", f"life {n}", counting.taken())
        whole_count += len(times)
    assert told.count == whole_count


@given(TIMES)
def test_buckets_say_how_many_took_no_longer(times: list[float]) -> None:
    counting = Counting()
    for one in times:
        counting.add(one)
    found = read(text_of([Times("x", "y", ((counting.taken(), {}),))]))
    for bound in BOUNDS_S:
        assert found["x_bucket", (("le", number(bound)),)] == sum(one <= bound for one in times)
    assert found["x_bucket", (("le", "+Inf"),)] == found["x_count", ()] == len(times)
    assert found["x_sum", ()] == pytest.approx(sum(times))


@given(st.text(max_size=40))
def test_whatever_a_label_says_it_is_one_label(value: str) -> None:
    line = text_of([Family("x", "gauge", value, (Sample(1, {"is": value}),))]).split("\n", 2)[2]
    match = re.fullmatch(r'x\{is="((?:[^"\\\n]|\\.)*)"\} 1\n', line)
    assert match
    plain = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), match[1])
    assert plain == value and escaped(value) == match[1]


def test_many_reasons_are_told_as_few() -> None:
    many = {f"r{n:03d}": 1 for n in range(100)}
    found = few(many)
    assert len(found) == REASONS_MAX + 1 and sum(n for _, n in found) == 100


@pytest.mark.parametrize(
    ("value", "shown"), [(3.0, "3"), (0.25, "0.25"), (float("nan"), "NaN"), (float("inf"), "+Inf")]
)
def test_numbers_are_written_as_prometheus_reads_them(value: float, shown: str) -> None:
    assert number(value) == shown


# --- what reads it ---------------------------------------------------------------------------------------------------


def exprs(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["expr"]] if "expr" in node else [])
        for value in node.values():
            yield from exprs(value)
    elif isinstance(node, list):
        for value in node:
            yield from exprs(value)


def test_the_dashboard_shows_every_metric_and_none_that_is_not_there() -> None:
    dashboard = json.loads((ROOT / "configs/grafana/linewatch.json").read_text())
    asked = {name for expr in exprs(dashboard) for name in re.findall(r"linewatch_\w+", expr)}
    known = {name for name, _ in whole()}
    assert asked <= known
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    unshown = {"linewatch_alarms_unacknowledged", "linewatch_camera_frames_per_second", "linewatch_ledger_closed"}
    unshown |= {"linewatch_challenge_last_timestamp_seconds", "linewatch_role_up"}
    assert families - shown == unshown
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) == len({json.dumps(panel["gridPos"]) for panel in dashboard["panels"]})


def test_the_dashboard_groups_and_filters_by_labels_that_its_metrics_have() -> None:
    dashboard = json.loads((ROOT / "configs/grafana/linewatch.json").read_text())
    labels: dict[str, set[str]] = {}
    for name, told in whole():
        labels.setdefault(name, set()).update(label for label, _ in told)
    asked = 0
    for expr in exprs(dashboard):
        grouped = {word for found in re.findall(r"by \(([^)]*)\)", expr) for word in re.findall(r"\w+", found)}
        for name, filtered in re.findall(r"(linewatch_\w+)(?:\{([^}]*)\})?", expr):
            wanted = grouped | set(re.findall(r"(\w+)=~?\"", filtered))
            assert wanted <= labels[name], expr
            asked += len(wanted)
    assert asked > 20


def test_each_metric_stands_in_the_document() -> None:
    text = (ROOT / "docs/metrics.md").read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name, _ in whole()}
    assert {name for name in families if f"`{name}`" not in text} == set()
    assert {name for name in re.findall(r"`(linewatch_\w+)`", text)} == families
