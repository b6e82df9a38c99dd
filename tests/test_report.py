"""The report: what stands in it is what the log says, nothing in it is more than text, and it prints."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.__main__ import main
from stream.challenge import Outcome, Wish, begun_by, outcome_act
from stream.challenge_log import Told
from stream.figures_defects import Defects
from stream.keeping import evidence_folder
from stream.log_reading import open_for_reading
from stream.messages import Act, Event, PartBegin
from stream.messages import Outcome as Fate
from stream.minutes import MINUTE_NS, Minute
from stream.report_page import ReportPage
from stream.report_reading import ActSeen, CameraFacts, EventSeen, Facts, IncidentSeen, RunSeen, facts_of
from stream.report_span import SpanWordError, shift_named
from stream.report_words import compared, duration, how_of
from stream.shifts import Shift, day_of
from tests.browser import browser
from tests.frames import RUN, judged, report
from tests.line import write_line
from tests.recordings import numbered_frame
from tests.test_bookkeeping import PlayedRecorder

UTC = ZoneInfo("UTC")
DAY = day_of(datetime.fromtimestamp(RUN / 1e6, UTC).date(), UTC)
HOSTILE = '<script>alert("1")</script>&\'"'


class Tags(HTMLParser):
    """The tags of a document, and what stands between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def facts(word: str) -> Facts:
    incident = IncidentSeen("belt", 1, 2, 3, 2, 0.9, 10**18, word, 3.0, word, word, word, word)
    found = Defects(1, 0, (), (), {word: 1}, ())
    run = RunSeen(1, 5, True, 4, word)
    minute = Minute(1, 1, 1, 0, 0, 1.0, 1.0, {word: 1})
    camera = CameraFacts(word, minute, Minute(), 1, found, (incident,), {word: 1, "defect": 1}, (run,))
    act = ActSeen(10**18, word, word, word, word, word, word)
    challenge = Told("i", 10**18, word, word, word, word, word, word)
    return Facts(
        Shift(0, 10**18, word), word, (camera,), (EventSeen(1, word, 1, word, word),), (act,), (act,), (challenge,)
    )


@given(st.text(min_size=1, max_size=40) | st.just(HOSTILE))
def test_whatever_the_log_says_is_text(word: str) -> None:
    plain = Tags(ReportPage(facts("x"), lambda _: word, 10**18, UTC).article())
    hostile = Tags(ReportPage(facts(word), lambda _: word, 10**18, UTC).article())
    assert [t for t in hostile.tags if t != "img"] == [t for t in plain.tags if t != "img"]
    assert {name for name, _ in hostile.attributes} <= {
        "class",
        "data-shift",
        "data-review",
        "scope",
        "src",
        "alt",
        "loading",
    }
    said = " ".join(word.split())
    assert said in " ".join(hostile.words.split()) or not said


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[PlayedRecorder]:
    """A day: 1,000 frames, two incidents, a gap, a challenge, an acknowledgement; less a week before."""
    played = PlayedRecorder(tmp_path / "data")
    batch = played.books.staged.batch
    batch.add_minute("belt", DAY.begin_ns // MINUTE_NS - 7 * 1440, Minute(100, 1))
    for seq in (10, 11, 50):
        folder = evidence_folder("belt", RUN, seq)
        (played.data_dir / folder).mkdir(parents=True)
        cv2.imwrite(str(played.data_dir / folder / "thumb.jpg"), numbered_frame(seq, (200, 160), bad=True))
        played.books.judged(judged(seq, "BAD", 0.5 + seq / 100), folder)
    for seq in range(100):
        played.books.judged(judged(seq))
    began = PartBegin(0, 40, "A-1", "control", RUN * 1000)
    played.books.report(replace(report(103, Fate(100, 103, "dropped:newest"), ended=True), parts=(began,)))
    played.books.event(Event("belt", RUN, "gap", "no answer; no pictures for 61.5 s", RUN * 1000))
    wish = Act("c", RUN * 1000, "eve", "operator", "challenge", "belt", "", msgspec.json.encode(Wish()).decode())
    begun = begun_by(wish)
    assert begun is not None
    outcome = Outcome("belt", "missed", "it was judged GOOD", "picture", "red.png", RUN * 1000, "eve")
    for act in (
        wish,
        outcome_act(begun, outcome, "belt", RUN * 1000 + 1),
        Act("k", RUN * 1000, HOSTILE, "operator", "acknowledge", "the alarm"),
        Act("s", RUN * 1000, "mallory", "engineer", "recipe", "line", "none", "72R0"),
    ):
        played.books.act(act)
    played.commit()
    played.books.act(
        Act("r", RUN * 1000, "eve", "operator", "review", f"belt/{RUN}/50", "", '{"verdict":"false_alarm"}')
    )
    played.commit()
    yield played
    played.log.close()


@pytest.mark.parametrize(
    ("starts", "silent"),
    [
        ([(-2, "belt lid"), (-1, "belt")], ()),
        ([(-2, "belt"), (-1, "belt lid")], ("lid",)),
        ([(-1, "belt lid"), (1, "belt top")], ("lid", "top")),
        ([(-1, "belt"), (2, "belt lid")], ()),
        ([(-1, "no JSON"), (1, "{}")], ()),
        ([], ()),
    ],
    ids=["removed before", "in force", "changed in it", "added later", "unreadable", "no start on record"],
)
def test_a_camera_that_gave_no_frame_is_told_of_as_not_inspected(
    recorder: PlayedRecorder, starts: list[tuple[int, str]], silent: tuple[str, ...]
) -> None:
    day_ns = DAY.end_ns - DAY.begin_ns
    for number, (days, cameras) in enumerate(starts):
        named = json.dumps({"cameras": [{"name": name} for name in cameras.split()]})
        settings = cameras if cameras in ("no JSON", "{}") else named
        at_ns = DAY.begin_ns + round((days if days < 1 else days - 0.5) * day_ns)
        recorder.log.begin_session(f"s{number}", at_ns, "hall", settings, "Ada")
    with contextlib.closing(open_for_reading(recorder.data_dir)) as db:
        found = facts_of(db, DAY)
    assert found.silent == silent
    words = Tags(ReportPage(found, lambda _: None, RUN * 1000, UTC).article()).words
    assert words.count("Not inspected") == len(silent) and all(f"Camera {name}" in words for name in silent)


def test_what_stands_in_it_is_what_the_log_says(recorder: PlayedRecorder) -> None:
    db = open_for_reading(recorder.data_dir)
    found = facts_of(db, DAY)
    db.close()
    (camera,) = found.cameras
    assert (camera.sum.good, camera.sum.bad, camera.sum.dropped, camera.week_before.bad) == (97, 3, 0, 1)
    assert [(one.first_seq, one.last_seq, one.review) for one in camera.incidents] == [
        (10, 11, ""),
        (50, 50, "false_alarm"),
    ]
    assert (camera.reviews, [run.closed for run in camera.runs]) == ({"": 1, "false_alarm": 1}, [True])
    assert sum(event.gap_s for event in found.events) == 61.5
    assert [(one.result, one.name) for one in found.challenges] == [("missed", "red.png")]
    words = Tags(ReportPage(found, lambda _: None, RUN * 1000, UTC).article()).words
    for said in (
        *("97", "+203 %", "1 min 2 s in 1 gap", "missed", "red.png", "the alarm", "none → 72R0", "not over yet"),
        *("100.00 % of those that were decided are false alarms (95 %: 2.5 to 100.0 %)", "closed: each frame", "1 BAD"),
    ):
        assert said in words, said


def test_challenges_and_other_times_are_not_counted(recorder: PlayedRecorder) -> None:
    db = open_for_reading(recorder.data_dir)
    db.close()
    later = Shift(DAY.end_ns, DAY.end_ns + 1, "later")
    db = open_for_reading(recorder.data_dir)
    found = facts_of(db, later)
    db.close()
    assert (found.cameras, found.events, found.changes, found.challenges) == ((), (), (), ())
    assert "No frames in this time." in ReportPage(found, lambda _: None, 0, UTC).article()


def test_the_command_makes_one_file_that_prints(recorder: PlayedRecorder, tmp_path: Path) -> None:
    file, out = write_line(tmp_path, "numbered:"), tmp_path / "report.html"
    local = datetime.fromtimestamp(RUN / 1e6).date().isoformat()
    assert main(["report", str(file), "--day", local, "--out", str(out)]) == 0
    html = out.read_text()
    tags = Tags(html)
    assert "script" not in tags.tags and "link" not in tags.tags
    sources = [value or "" for name, value in tags.attributes if name in ("src", "href")]
    assert len(sources) == 2 and all(one.startswith("data:image/jpeg;base64,") for one in sources)
    with browser(tmp_path) as chromium:
        page = chromium.open(out.as_uri(), width=794, height=1100)
        assert page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth === 200)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 794
        assert "alert(" in page.text(".alarms")
        pdf = base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    sides = [tuple(map(float, box.split())) for box in re.findall(r"/MediaBox \[([^\]]+)\]", pdf.decode("latin-1"))]
    assert sides and all(round(width) in (595, 596) and round(height) in (841, 842) for _, _, width, height in sides)
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) in (1, 2)


def test_a_report_of_nothing_says_where_there_is_something(
    recorder: PlayedRecorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = datetime.fromtimestamp(RUN / 1e6).date().isoformat()
    file = write_line(tmp_path, "numbered:")
    assert main(["report", str(file), "--out", str(tmp_path / "r.html")]) == 0
    assert f"no frames in this time; the newest are of {newest}: --day {newest}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--day", "22.11.2026"), 2, "day: not a day, got '22.11.2026'; give 2026-11-22"),
        (("--shift", "2026-11-22 05:00"), 2, "known: 2026-11-22"),
        (("--day", "0001-01-01"), 2, "1971"),
        ((), 1, "no log here"),
    ],
    ids=["no day", "no shift", "no calendar", "no log"],
)
def test_what_does_not_fit_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    file = write_line(tmp_path, "numbered:")
    assert main(["report", str(file), *words, "--out", str(tmp_path / "r.html")]) == code
    assert said in capsys.readouterr().err


def test_a_shift_is_named_by_its_beginning() -> None:
    found = shift_named("", "2026-11-22 22:00", "06:00 14:00 22:00", date(2026, 1, 1), UTC)
    assert found.end_ns - found.begin_ns == 8 * 3600 * 10**9
    assert shift_named("", "", None, date(2026, 1, 1), UTC).name == "2026-01-01"
    with pytest.raises(SpanWordError, match="give one of the two"):
        shift_named("2026-11-22", "2026-11-22 06:00", None, date(2026, 1, 1), UTC)


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "0 s"), (61.4, "1 min 1 s"), (7322, "2 h 2 min 2 s")])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("now", "before", "said"), [(2, 1, "+100 %"), (1, 2, "-50 %"), (100.2, 100, "±0 %"), (1, 0, "–"), (None, 1, "–")]
)
def test_a_week_before_is_compared_where_there_was_one(now: float | None, before: float | None, said: str) -> None:
    assert compared(now, before) == said


def test_a_real_defect_that_was_taken_for_the_known_bad_part_can_be_found_in_the_report() -> None:
    told = Told("i", 1, "belt", "part", "eve", "caught", "it was an incident", state="BAD", frame=f"belt/{RUN}/7")
    assert f"belt/{RUN}/7, not counted as a defect" in how_of(told)
    assert how_of(msgspec.structs.replace(told, what="picture")) == "it was an incident"
