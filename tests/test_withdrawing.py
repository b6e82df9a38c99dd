"""Reviews are taken back by further ones; what is said again is on record once; what is said of a sample is its own."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from stream.places import Places
from tests.frames import RUN
from tests.line import rows
from tests.reviewed_log import ReviewedLog
from tests.test_noting import noted, review

INCIDENT = "SELECT review, reviewed_by, comment FROM incidents"


def test_what_was_taken_back_counts_no_more_and_stays_on_record(tmp_path: Path, places: Places) -> None:
    said = noted(tmp_path, places, review("a", 3, "defect", "a scratch"), review("b", 3, "withdrawn"))
    assert [answer and answer.ok for answer in said] == [True, True]
    assert rows(tmp_path, INCIDENT) == [("", "", "")]
    assert rows(tmp_path, "SELECT verdict FROM reviews ORDER BY number") == [("defect",), ("withdrawn",)]


def test_what_is_said_after_it_was_taken_back_counts(tmp_path: Path, places: Places) -> None:
    words = [review(name, 3, verdict) for name, verdict in (("a", "defect"), ("b", "withdrawn"), ("c", "unsure"))]
    noted(tmp_path, places, *words)
    assert rows(tmp_path, INCIDENT) == [("unsure", "Jürgen", "")]
    before = "SELECT old FROM acts WHERE kind='review' ORDER BY number"
    assert rows(tmp_path, before) == [("",), ("defect",), ("",)]


def test_an_act_that_is_said_again_a_minute_later_is_on_record_once_at_its_first_time(
    tmp_path: Path, places: Places
) -> None:
    first = review("a", 3)
    later = replace(first, utc_ns=first.utc_ns + 60_000_000_000)
    assert [answer and answer.ok for answer in noted(tmp_path, places, first, later)] == [True, True]
    assert rows(tmp_path, f"SELECT utc_ns FROM acts WHERE subject='belt/{RUN}/3'") == [(first.utc_ns,)]
    assert len(rows(tmp_path, "SELECT 1 FROM reviews")) == 1


def test_what_is_said_of_a_good_frame_between_bad_ones_is_not_said_of_the_incident(tmp_path: Path) -> None:
    log = ReviewedLog(tmp_path)
    log.bad(3, "defect")
    log.bad(6)
    log.good(4, "unsure")
    log.write()
    assert rows(tmp_path, "SELECT first_seq, last_seq, review FROM incidents") == [(3, 6, "defect")]
    assert rows(tmp_path, "SELECT seq, review FROM samples") == [(4, "unsure")]
