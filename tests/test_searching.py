"""Looking through the log: filters, pages, cursors, and how SQLite goes about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.searching import INCIDENTS, IncidentQuery, IncidentRow, holding, neighbour
from stream.searching_history import ACTS, EVENTS, RUNS, ActQuery, EventQuery, EventRow, RunQuery
from stream.searching_records import FRAMES, PARTS, FrameQuery, FrameRow, PartQuery
from stream.searching_rows import keyed, rows
from stream.searching_samples import SAMPLES, SampleQuery
from stream.searching_terms import CursorError, Listing, Paged, Query, cursor_of, key_of, listing_page
from stream.searching_times import MomentError, iso, moment_ns
from tests.searched_log import RUN, SECOND_NS, incident, write_log

COUNT = 300


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = write_log(tmp_path_factory.mktemp("log"), COUNT)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as opened:
        yield opened


def found(db: sqlite3.Connection, **wanted: Any) -> list[IncidentRow]:
    """All incidents under a filter, page by page."""
    every: list[IncidentRow] = []
    after = ""
    while True:
        page = rows(db, listing_page(INCIDENTS, IncidentQuery(after=after, limit=7, **wanted)), IncidentRow)
        every += page.rows
        if page.next is None:
            return every
        after = page.next


EXPECTED = [
    msgspec.convert(dict(zip(IncidentRow.__struct_fields__, incident(n), strict=False)), IncidentRow, strict=False)
    for n in reversed(range(COUNT))
]
MIDDLE_NS = RUN * 1000 + COUNT // 2 * SECOND_NS
FILTERS: dict[str, tuple[dict[str, Any], Any]] = {
    "nothing": ({}, lambda i: True),
    "camera": ({"camera": "lid"}, lambda i: i.camera == "lid"),
    "a camera that is not there": ({"camera": "' OR 1=1 --"}, lambda i: False),
    "since": ({"since": str(MIDDLE_NS)}, lambda i: i.utc_ns >= MIDDLE_NS),
    "until": ({"until": iso(MIDDLE_NS)}, lambda i: i.utc_ns < MIDDLE_NS),
    "part": ({"part": "A-7"}, lambda i: i.part == "A-7"),
    "score from": ({"score_min": 0.7}, lambda i: i.worst_score >= 0.7),
    "score to": ({"score_max": 0.7}, lambda i: i.worst_score <= 0.7),
    "length": ({"length_min_px": 50.0}, lambda i: i.length_px >= 50.0),
    "area": ({"area_min_px": 50.0}, lambda i: i.area_px >= 50.0),
    "not reviewed": ({"review": "none"}, lambda i: not i.review),
    "reviewed": ({"review": "any"}, lambda i: i.review),
    "false alarms": ({"review": "false_alarm"}, lambda i: i.review == "false_alarm"),
    "bundle": ({"bundle": "codes-0"}, lambda i: i.bundle == "codes-0"),
    "recipe": ({"recipe": "lid"}, lambda i: i.recipe == "lid"),
    "pinned": ({"pinned": "1"}, lambda i: i.pinned),
    "not pinned": ({"pinned": "0"}, lambda i: not i.pinned),
    "with evidence": ({"has_evidence": "1"}, lambda i: i.evidence),
    "without evidence": ({"has_evidence": "0"}, lambda i: i.evidence is None),
    "two at once": ({"camera": "belt", "review": "defect"}, lambda i: i.camera == "belt" and i.review == "defect"),
}


@pytest.mark.parametrize(("wanted", "kept"), FILTERS.values(), ids=FILTERS)
def test_a_filter_finds_just_what_it_says_newest_first(
    db: sqlite3.Connection, wanted: dict[str, Any], kept: Any
) -> None:
    assert found(db, **wanted) == [row for row in EXPECTED if kept(row)]


def test_every_field_of_the_filter_means_something() -> None:
    meant = {condition.field for condition in INCIDENTS.conditions}
    assert meant == set(IncidentQuery.__struct_fields__) - set(Paged.__struct_fields__)


def test_rows_that_arrive_meanwhile_move_no_page(tmp_path: Path) -> None:
    path = write_log(tmp_path, 20)
    with closing(sqlite3.connect(path)) as log:
        first = rows(log, listing_page(INCIDENTS, IncidentQuery(limit=5)), IncidentRow)
        names = ", ".join(IncidentRow.__struct_fields__)
        newer = [incident(n)[: len(IncidentRow.__struct_fields__)] for n in range(20, 30)]
        log.executemany(f"INSERT INTO incidents ({names}) VALUES ({','.join('?' * len(newer[0]))})", newer)
        assert first.next is not None
        second = rows(log, listing_page(INCIDENTS, IncidentQuery(limit=5, after=first.next)), IncidentRow)
    seen = [row.utc_ns for row in (*first.rows, *second.rows)]
    assert seen == [RUN * 1000 + n * SECOND_NS for n in range(19, 9, -1)]


def test_the_incident_of_a_frame_is_the_one_in_whose_extent_it_lies(db: sqlite3.Connection) -> None:
    assert [one.row.first_seq for one in keyed(db, holding("belt", RUN, 52), IncidentRow)] == [50]
    assert keyed(db, holding("belt", RUN, 60), IncidentRow) == []
    assert keyed(db, holding("nobody", RUN, 52), IncidentRow) == []


def test_neighbours_are_those_of_the_filtered_list(db: sqlite3.Connection) -> None:
    wanted = IncidentQuery(camera="belt", review="defect")
    listed = found(db, camera="belt", review="defect")
    assert len(listed) > 2
    for newer, here, older in zip(listed, listed[1:], listed[2:], strict=False):
        key = (here.utc_ns, here.camera, here.run, here.first_seq)
        assert keyed(db, neighbour(wanted, key, newer=True), IncidentRow)[0].row == newer
        assert keyed(db, neighbour(wanted, key, newer=False), IncidentRow)[0].row == older


def test_frames_and_events_go_by_pages_too(db: sqlite3.Connection) -> None:
    frames = rows(db, listing_page(FRAMES, FrameQuery(camera="lid", limit=3)), FrameRow)
    assert [row.camera for row in frames.rows] == ["lid"] * 3
    assert frames.next is not None and frames.rows[0].latency_ms == 5.0
    events = rows(db, listing_page(EVENTS, EventQuery(kind="gap")), EventRow)
    assert len(events.rows) == 10 and events.next is None


PLANS: dict[str, tuple[Listing, Paged]] = {
    **{f"incidents by {name}": (INCIDENTS, IncidentQuery(**wanted)) for name, (wanted, _) in FILTERS.items()},
    "frames": (FRAMES, FrameQuery()),
    "frames of a camera": (FRAMES, FrameQuery(camera="belt")),
    "frames of a run": (FRAMES, FrameQuery(camera="belt", run=RUN)),
    "UNKNOWN frames": (FRAMES, FrameQuery(state="UNKNOWN")),
    "frames of a time": (FRAMES, FrameQuery(since="2026-01-01", until="2026-02-01")),
    "frames of a part": (FRAMES, FrameQuery(part="A-1")),
    "parts": (PARTS, PartQuery()),
    "bad parts": (PARTS, PartQuery(state="BAD")),
    "events": (EVENTS, EventQuery(kind="gap")),
    "acts": (ACTS, ActQuery(kind="pin")),
    "samples": (SAMPLES, SampleQuery()),
}


@pytest.mark.parametrize(("listing", "wanted"), PLANS.values(), ids=PLANS)
def test_no_table_is_read_whole_and_no_list_sorted(db: sqlite3.Connection, listing: Listing, wanted: Paged) -> None:
    """Neither its first page nor a later one: a log is kept for years."""
    first = listing_page(listing, wanted)
    behind = cursor_of([{int: 2**62, str: "z"}[kind] for kind in listing.kinds])
    for query in (first, listing_page(listing, msgspec.structs.replace(wanted, after=behind))):
        plan = steps_of(db, query)
        assert not [step for step in plan if step in ("SCAN incidents", "SCAN verdicts", "SCAN parts", "SCAN events")]
        if not getattr(wanted, "part", "") and not listing.primary:  # a part has few rows; primary: sorts one page
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def steps_of(db: sqlite3.Connection, query: Query) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query.sql}", query.values)]


def test_runs_are_few_and_may_be_sorted(db: sqlite3.Connection) -> None:
    assert db.execute(*_statement(listing_page(RUNS, RunQuery()))).fetchall()


def _statement(query: Query) -> tuple[str, Any]:
    return query.sql, query.values


# --- cursors and times, pure -----------------------------------------------------------------------------------------


@given(st.tuples(st.integers(0, 2**63 - 1), st.text(max_size=32), st.integers(0, 2**63 - 1), st.integers(0, 2**48)))
def test_a_cursor_gives_its_key_back(key: tuple[int, str, int, int]) -> None:
    assert key_of(cursor_of(key), (int, str, int, int)) == key


@given(st.text(max_size=600))
def test_a_word_that_is_no_cursor_is_refused(word: str) -> None:
    with pytest.raises(CursorError, match="after: not a cursor"):
        key_of(word, (int, str, int, int))


@pytest.mark.parametrize("key", [[1, 2, 3, 4], [2**70, "a", 1, 1], [1.5, "a", 1, 1], [True, "a", 1, 1], [], [1, "a"]])
def test_a_cursor_of_another_list_is_refused(key: list[Any]) -> None:
    with pytest.raises(CursorError):
        key_of(cursor_of(key), (int, str, int, int))


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_a_time_is_read_as_it_is_written(moment: datetime) -> None:
    exact_ns = moment_ns(moment.isoformat(), "since")
    assert moment_ns(moment.replace(tzinfo=timezone.utc).isoformat(), "since") == exact_ns
    assert iso(exact_ns) == moment.replace(tzinfo=timezone.utc).isoformat(timespec="milliseconds")
    assert moment_ns(str(exact_ns), "since") == exact_ns


@given(st.text(min_size=1, max_size=64))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert 0 <= moment_ns(text, "since") < 2**63
    except MomentError as error:
        assert str(error).startswith("since: not a time, got ")
