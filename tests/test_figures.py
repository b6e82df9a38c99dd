"""Figures: steps that add up to the minutes, bounded questions; a page that can be read by keyboard and by ear."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.figures import BUCKETS_MAX, Span, SpanError, buckets
from stream.figures_defects import INCIDENTS_MAX, defects_of, groups
from stream.figures_shifts import shift_words
from stream.log_reading import open_for_reading
from stream.messages import PartBegin
from stream.minutes import MINUTE_NS, REASONS_MAX, Minute
from stream.places import SHM, Places
from stream.settings import CameraSettings, DisplaySettings, LineSettings
from tests.browser import Page, browser
from tests.frames import RUN, SCRATCH, judged, report
from tests.page_requests import ask
from tests.played_line import displayed
from tests.test_bookkeeping import PlayedRecorder

NOW = 29_000_000  # a minute
BROUGHT = st.builds(Minute, good=st.integers(0, 9), bad=st.integers(0, 9), unknown=st.integers(0, 3))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[PlayedRecorder]:
    played = PlayedRecorder(tmp_path)
    yield played
    played.log.close()


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["belt", "lid"]), BROUGHT), max_size=15), st.integers(1, 9)
)
def test_steps_add_up_to_the_minutes(brought: list[tuple[int, str, Minute]], step: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        recorder = PlayedRecorder(Path(folder))
        for minute, camera, one in brought:
            recorder.books.staged.batch.add_minute(camera, NOW + minute, one)
        recorder.commit()
        recorder.log.close()
        db = open_for_reading(Path(folder))
        span = Span(NOW * MINUTE_NS, (NOW + 240) * MINUTE_NS, step * 60)
        each, both = buckets(db, "belt", span), buckets(db, "", span)
        db.close()
    inside = [(camera, one) for minute, camera, one in brought if minute < 240]
    assert sum(b.good + b.bad + b.unknown for b in both) == sum(one.frames for _, one in inside)
    assert sum(b.bad for b in each) == sum(one.bad for camera, one in inside if camera == "belt")
    assert all((b.utc_ns - span.since_ns) % span.step_ns == 0 for b in both)
    assert [b.utc_ns for b in both] == sorted({b.utc_ns for b in both})


def test_sqlite_adds_the_minutes_up_and_a_day_of_them_is_few_rows_for_python(recorder: PlayedRecorder) -> None:
    days, each = 3, {"late": 1, "dropped:newest": 2, **{f"reason {n}": 1 for n in range(20)}}
    for minute in range(days * 1440):
        few = dict(list(each.items())[: 3 + minute % 18])
        brought = Minute(good=5, unknown=sum(few.values()) - 2, dropped=2, latency_ms_max=minute, reasons=few)
        recorder.books.staged.batch.add_minute("belt", NOW + minute, brought)
    recorder.commit()
    db = open_for_reading(recorder.data_dir)
    read = 0

    def counted(_cursor: sqlite3.Cursor, row: tuple[object, ...]) -> tuple[object, ...]:
        nonlocal read
        read += 1
        return row

    db.row_factory = counted
    found = buckets(db, "", Span(NOW * MINUTE_NS, (NOW + 366 * 1440) * MINUTE_NS, 86_400))
    db.close()
    assert [(one.good, one.latency_ms_max) for one in found] == [(7200, 1439 + 1440 * n) for n in range(days)]
    assert all(sum(one.reasons.values()) == one.unknown + one.dropped for one in found)
    assert all(len(one.reasons) <= REASONS_MAX + 1 and one.reasons["dropped:newest"] == 2880 for one in found)
    assert read < 366 + days * 30, "not one for each minute"


@pytest.mark.parametrize(
    ("until", "step_s", "said"),
    [
        (1, 90, "whole minutes"),
        (0, 60, "later than since"),
        (400 * 1440, 3600, "a year"),
        (BUCKETS_MAX + 1, 60, "longer"),
    ],
)
def test_a_question_that_would_take_too_long_is_refused_in_words(until: int, step_s: int, said: str) -> None:
    with pytest.raises(SpanError, match=said):
        Span(0, until * MINUTE_NS, step_s)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.sampled_from("xy"), max_size=4)), max_size=9))
def test_an_incident_counts_once_for_each_kind_in_it(incidents: list[tuple[str, list[str]]]) -> None:
    found = {(group.camera, group.name): group for group in groups(incidents)}
    for (camera, name), group in found.items():
        mine = [names or [""] for of, names in incidents if of == camera]
        assert group.incidents == sum(name in names for names in mine)
        assert group.defects == sum(names.count(name) for of, names in incidents if of == camera)
    assert INCIDENTS_MAX >= 1000


def test_defects_are_those_of_the_worst_frame_without_challenges_and_false_alarms(recorder: PlayedRecorder) -> None:
    for seq, region in ((0, "left"), (1, "left"), (50, "code"), (100, "code"), (150, "code")):
        bad = judged(seq, "BAD")
        defects = (replace(SCRATCH, region=region),)
        recorder.books.judged(replace(bad, verdict=replace(bad.verdict, defects=defects)))
    recorder.books.report(replace(report(200), parts=(PartBegin(0, 40, "A-1", "control", RUN * 1000),)))
    recorder.commit()
    recorder.log._db.execute("UPDATE incidents SET challenge=1 WHERE first_seq=100")
    recorder.log._db.execute("UPDATE incidents SET review='false_alarm' WHERE first_seq=150")
    db = open_for_reading(recorder.data_dir)
    found = defects_of(db, "belt", 0, 2**62)
    other = defects_of(db, "lid", 0, 2**62)
    db.close()
    assert (found.incidents, other.incidents) == (2, 0)
    assert [(group.name, group.incidents) for group in found.kinds] == [("scratch", 2)]
    assert {(group.name, group.incidents) for group in found.regions} == {("left", 1), ("code", 1)}
    assert found.parts == {"open": 1}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('{"figures": {"shifts": "06:00 14:00"}}', "06:00 14:00"),
        ("{}", None),
        ("", None),
        ('{"figures": {"shifts": "x"}}', None),
    ],
    ids=["said", "an older version", "nothing", "nonsense"],
)
def test_shifts_are_those_of_the_newest_start(recorder: PlayedRecorder, settings: str, words: str | None) -> None:
    recorder.log.begin_session("one", 1, "line", '{"figures": {"shifts": "05:00"}}')
    recorder.log.begin_session("two", 2, "line", settings)
    db = open_for_reading(recorder.data_dir)
    assert shift_words(db) == words
    db.close()


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A display of a line with a few hours of minutes."""
    data_dir = tmp_path_factory.mktemp("figures")
    recorder = PlayedRecorder(data_dir)
    now = time.time_ns() // MINUTE_NS
    for minute in range(now - 300, now):
        brought = Minute(97, 3, 2, 1, 0, 2000.0, 55.5, {"deadline": 1, "<b>": 1, "dropped:newest": 1})
        recorder.books.staged.batch.add_minute("belt", minute, brought)
    recorder.commit()
    recorder.log.begin_session("s", 1, "line", '{"figures": {"shifts": "06:00 14:00 22:00"}}')
    recorder.log.close()
    line = LineSettings((CameraSettings("belt", "synthetic:"),), data_dir, display=DisplaySettings(port=0))
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder, displayed(line, Places(Path(folder))) as served:
        yield served


# Five hours of a week: shown alone, in steps of five minutes.
FINER = "'/api/figures?step_s=300&since=' + new Date(new Date().setHours(0, 0, 0, 0) - 864e5).toISOString()"
SHOWN = "document.documentElement.dataset.shown"


def test_the_page_is_read_by_keyboard_and_by_ear_and_stands_in_its_address(address: str, tmp_path: Path) -> None:
    with browser(tmp_path) as chromium:
        page = chromium.open(f"{address}/figures?span=week", width=1280, height=900)
        page.until(f"{SHOWN} === '/figures?span=week'")
        reads_by_keyboard(page)
        page.evaluate("document.querySelector('details summary').click()")
        rows = page.evaluate("document.querySelector('details').querySelectorAll('tbody tr').length")
        assert rows == page.evaluate(f"fetch({FINER}).then((a) => a.json()).then((a) => a.buckets.length)")
        words = page.evaluate("[...document.querySelectorAll('.legend li')].map((one) => one.textContent)")
        assert {word.split(":")[0] for word in words} >= {"UNKNOWN, deadline", "UNKNOWN, <b>", "dropped, newest"}
        pieces = "[...document.querySelectorAll('.piece')].map((one) => one.getAttribute('fill'))"
        assert page.evaluate(f"new Set({pieces}).size") == 3, "told apart by pattern, too"
        assert page.text("#when").endswith("as there is nothing else, in steps of 5 minutes")
        page.evaluate("document.forms[0].span.value = 'day'")
        page.evaluate("document.forms[0].span.dispatchEvent(new Event('change', {bubbles: true}))")
        page.until(f"{SHOWN} === '/figures?span=day'")
        assert page.evaluate("location.search") == "?span=day"
        page.evaluate("history.back()")
        page.until(f"{SHOWN} === '/figures?span=week'")
        page.resize(360, 740)
        page.until("document.documentElement.scrollWidth <= 360")


def reads_by_keyboard(page: Page) -> None:
    page.evaluate("document.querySelector('.plot svg[tabindex]').focus()")
    page.press("ArrowLeft")
    assert "BAD 3 %" in page.text(".plot .reading")
    page.press("Escape")
    assert "arrow keys" in page.text(".plot .reading")


def test_the_report_is_shown_and_can_be_saved_whole(address: str, tmp_path: Path) -> None:
    with browser(tmp_path) as chromium:
        page = chromium.open(f"{address}/report", width=360, height=740)
        page.until(SHOWN)
        assert "Camera belt" in page.text("article")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        link = page.evaluate("document.getElementById('file').getAttribute('href')")
    status, body, headers = ask(address, link)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Content-Disposition"].startswith("attachment") and b"<style>" in body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/figures?step_s=90", 400),
        ("/api/figures?since=2020-01-01&until=2026-01-01&step_s=86400", 400),
        ("/api/figures?since=9223372036854775807", 400),
        ("/api/figures?camera=%3Cb%3E", 200),
        ("/api/figures/defects?until=2026-01-01", 200),
        ("/api/shifts?at=1", 200),
        ("/api/shifts?at=9223372036854775807", 200),
        ("/api/report?day=9999-01-01", 400),
        ("/api/report?shift=2026-11-22%2006:00", 200),
        ("/api/report?day=..%2F..", 400),
        ("/api/challenges?limit=501", 400),
        ("/api/challenges", 200),
        ("/metrics", 200),
    ],
)
def test_calls_answer_whatever_is_asked(address: str, path: str, status: int) -> None:
    got, body, _ = ask(address, path)
    assert got == status, body
    if status == 400:
        assert "error" in json.loads(body)
