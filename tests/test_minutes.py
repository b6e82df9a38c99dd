"""Minutes: each frame counts once, whatever is repeated, refused or killed, and the sums are those of the ledger."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.figures import rows_of, total
from stream.log_reading import open_for_reading
from stream.messages import Judged, Outcome, Report
from stream.minutes import DROPPED, OTHER, REASON_MAX, REASONS_MAX, Minute, minute_of, of_fate, of_judged, told_apart
from stream.places import SHM
from tests.frames import RUN, judged, report
from tests.test_bookkeeping import ACTIONS, FATES, PlayedRecorder, acknowledged, act, message_of


def summed(recorder: PlayedRecorder) -> Minute:
    db = open_for_reading(recorder.data_dir)
    try:
        return total(minute for _, minute in rows_of(db, "belt", 0, 2**40))
    finally:
        db.close()


@settings(max_examples=100)
@given(st.lists(st.sampled_from(FATES), max_size=12), ACTIONS)
def test_the_sum_over_minutes_is_the_ledger_whatever_is_repeated_refused_or_killed(
    fates: list[str], actions: list[int | str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        recorder = PlayedRecorder(Path(folder))
        messages = [message_of(seq, fate) for seq, fate in enumerate(fates)]
        for action in actions:
            act(recorder, messages, action)
        for _ in range(2):
            for message in messages:
                if not acknowledged(recorder.answers, message):
                    recorder.hear(message)
            while recorder.jobs:
                recorder.write_evidence()
            recorder.commit()
        found, counts = summed(recorder), recorder.book().ledger.counts()
        recorder.log.close()
    assert (found.good, found.bad, found.unknown) == tuple(counts.get(w, 0) for w in ("GOOD", "BAD", "UNKNOWN"))
    assert found.dropped == sum(n for word, n in counts.items() if word.startswith(DROPPED))
    assert sum(found.reasons.values()) == found.unknown + found.dropped
    assert found.frames == len(fates)


MINUTES = st.builds(
    Minute,
    good=st.integers(0, 9),
    bad=st.integers(0, 9),
    latency_ms_max=st.floats(0, 100),
    reasons=st.dictionaries(
        st.sampled_from([f"{word}{n}" for n in range(20) for word in ("r", "dropped:r")]), st.just(1)
    ),
)


@given(st.lists(MINUTES, max_size=6))
def test_minutes_add_up_and_never_tell_more_reasons_apart_than_is_stated(minutes: list[Minute]) -> None:
    found = total(minutes)
    assert found.good == sum(m.good for m in minutes)
    assert found.latency_ms_max == max((m.latency_ms_max for m in minutes), default=0.0)
    for dropped in (True, False):
        of = [n for m in minutes for reason, n in m.reasons.items() if reason.startswith(DROPPED) is dropped]
        assert sum(n for r, n in found.reasons.items() if r.startswith(DROPPED) is dropped) == sum(of)
    most = max((len(m.reasons) for m in minutes), default=0)
    assert len(found.reasons) <= max(most, REASONS_MAX + 2)


def test_a_frame_counts_in_the_minute_of_its_capture() -> None:
    first, second = judged(0), judged(1500)
    assert minute_of(second.frame.captured_utc_ns) == minute_of(first.frame.captured_utc_ns) + 1
    assert of_judged(first) == Minute(good=1, latency_ms_sum=20.0, latency_ms_max=20.0)


def test_an_unknown_frame_has_a_reason_and_no_part_in_the_mean_latency() -> None:
    late = judged(3, "UNKNOWN")
    found = of_judged(late) + of_judged(judged(4))
    assert (found.unknown, found.reasons, found.latency_ms_mean) == (1, {"blinded": 1}, 20.0)


def test_a_verdict_before_its_picture_by_some_clock_has_no_latency() -> None:
    early: Judged = replace(judged(0), judged_mono_ns=0)
    assert of_judged(early).latency_ms_max == 0.0


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, OTHER),
        ("", OTHER),
        ("a\nb", "a b"),
        ("x" * 99, "x" * REASON_MAX),
        ("dropped:newest", "newest"),
    ],
    ids=["none", "empty", "two lines", "long", "of a dropped frame"],
)
def test_a_reason_is_counted_on_one_line_of_bounded_length(said: str | None, kept: str) -> None:
    assert told_apart(said) == kept


def test_what_was_lost_before_capture_counts_once(tmp_path: Path) -> None:
    recorder = PlayedRecorder(tmp_path)
    for lost, serial in ((2, 1), (2, 1), (5, 2), (5, 2)):
        recorder.hear(replace(report(9, serial=serial), lost=lost))
        recorder.commit()
    recorder.die()
    recorder.hear(replace(report(9, serial=2), lost=5))
    recorder.commit()
    assert summed(recorder).lost == 5
    recorder.log.close()


def test_frames_of_a_line_that_died_are_dropped_by_that_name(tmp_path: Path) -> None:
    recorder = PlayedRecorder(tmp_path)
    recorder.hear(judged(0))
    recorder.hear(report(4))
    recorder.commit()
    recorder.books.abandon("belt", RUN)
    recorder.commit()
    assert summed(recorder).reasons == {"dropped:line_died": 3}
    recorder.log.close()


def test_a_year_of_minutes_of_one_camera_stays_small(tmp_path: Path) -> None:
    """40 days here; the rows of a year take no more than 50 MB."""
    recorder = PlayedRecorder(tmp_path)
    minutes, usual = 40 * 1440, Minute(1790, 2, 8, 0, 0, 36123.25, 91.5, {"deadline": 8})
    for start in range(0, minutes, 10_000):
        for minute in range(start, min(minutes, start + 10_000)):
            recorder.books.staged.batch.add_minute("belt", 29_000_000 + minute, usual)
        recorder.commit()
    recorder.log.close()
    db = open_for_reading(tmp_path)
    (size,) = db.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").fetchone()
    db.close()
    assert size * 525_600 / minutes < 50e6


def test_a_fate_of_many_frames_is_one_sum() -> None:
    assert of_fate("dropped:newest", 7) == Minute(dropped=7, reasons={"dropped:newest": 7})
    assert of_fate("UNKNOWN", 2, "poison").reasons == {"poison": 2}


def test_reports_with_reasons_reach_the_log_as_words(tmp_path: Path) -> None:
    recorder = PlayedRecorder(tmp_path)
    told: Report = report(9, Outcome(0, 2, "dropped:newest"), Outcome(2, 3, "UNKNOWN", "poison"))
    recorder.hear(told)
    recorder.hear(told)
    recorder.commit()
    db = open_for_reading(tmp_path)
    ((text,),) = db.execute("SELECT reasons FROM minutes").fetchall()
    db.close()
    assert msgspec.json.decode(text) == {"dropped:newest": 2, "poison": 1}
    recorder.log.close()
