"""Runs that nobody goes on with: which they are, and how they are closed."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest

from stream.abandoned import NAMED, Closing, Left, abandoned, cameras_away, cameras_here, left_in_rings
from stream.announced import Told
from stream.bookkeeping import Bookkeeping
from stream.claim import Claim
from stream.defect_log import SESSIONS_LOOKED_AT, DefectLog
from stream.ledger import Interval
from stream.messages import Outcome, Report
from stream.orders import Orders
from stream.places import Places
from stream.ring import Ring
from stream.ring_layout import RunEntry
from stream.settings import CameraSettings, HostSettings, LineSettings
from tests.frames import RUN, judged
from tests.line import rows
from tests.test_ring import BYTES, put

GAP = 3
OPEN = {("belt", 1): "before", ("belt", 2): "before", ("belt", 3): "now", ("far", 4): "before", ("gone", 5): "older"}


@pytest.mark.parametrize(
    ("held", "away", "found"),
    [
        (set(), set(), (("belt", 1), ("belt", 2), ("far", 4), ("gone", 5))),
        ({("belt", 2)}, set(), (("belt", 1), ("far", 4), ("gone", 5))),
        ({("far", 2)}, {"far"}, (("belt", 1), ("belt", 2), ("gone", 5))),
        (set(OPEN), set(), ()),
    ],
    ids=["no ring is left", "one run lies in a ring", "a ring is on another computer", "all of them lie in rings"],
)
def test_runs_of_earlier_sessions_without_a_ring_are_abandoned(
    held: set[tuple[str, int]], away: set[str], found: tuple[tuple[str, int], ...]
) -> None:
    assert abandoned(OPEN, Left(frozenset(held), frozenset()), away, "now") == found


def test_a_ring_that_cannot_be_read_is_no_proof_that_its_frames_are_gone() -> None:
    assert abandoned(OPEN, Left(frozenset(), frozenset({"belt"})), {"far"}, "now") == (("gone", 5),)


def test_a_ring_holds_the_runs_that_it_remembers_and_those_of_its_pictures(places: Places) -> None:
    for camera, run in (("belt", 8), ("lid", 9)):
        ring = Ring.create(places.ring(camera, 1), slots=2, slot_bytes=BYTES)
        ring.runs.note(RunEntry(run, 3))
        if camera == "belt":
            put(ring, 1, 2)  # of run 7
        ring.close()
    places.ring("cap", 1).write_bytes(b"no ring" * 1000)
    left = left_in_rings(places, {"belt", "lid", "cap"})
    assert left == Left(frozenset({("belt", 7), ("belt", 8), ("lid", 9)}), frozenset({"cap"}))


def test_a_ring_is_only_looked_at(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    Ring.create(places.ring("belt", 1), slots=2, slot_bytes=BYTES).close()
    monkeypatch.setattr(Ring, "adopt", lambda path: pytest.fail("a capture of the camera may be writing it"))
    assert left_in_rings(places, {"belt"}) == Left(frozenset(), frozenset())
    ring = Ring.look(places.ring("belt", 1))
    with pytest.raises(ValueError, match="read-only"):
        ring.runs.forget(0)
    ring.close()


def test_the_ring_of_a_capture_that_is_at_work_is_no_stray_though_the_settings_have_it_no_more(places: Places) -> None:
    ring = Ring.create(places.ring("old", 1), slots=2, slot_bytes=BYTES)
    ring.runs.note(RunEntry(8, 3))
    ring.close()
    claim = Claim(places.lock("capture-old"), "a capture")
    assert left_in_rings(places, {"belt"}) == Left(frozenset({("old", 8)}), frozenset())
    claim.close()
    assert left_in_rings(places, {"belt"}).lost == {("old", 8)}


def test_a_ring_of_a_camera_that_moved_gives_up_its_own_runs_alone() -> None:
    left = Left(frozenset(), frozenset(), (Path("belt.1.ring"),), frozenset({("belt", 1)}))
    assert abandoned(OPEN, left, {"belt", "far"}, "now") == (("belt", 1), ("gone", 5))


def test_a_camera_that_is_gone_from_the_settings_has_its_runs_closed_and_its_rings_removed_once_that_is_on_disk(
    places: Places, tmp_path: Path
) -> None:
    for camera in ("belt", "old"):
        ring = Ring.create(places.ring(camera, 1), slots=2, slot_bytes=BYTES)
        ring.runs.note(RunEntry(RUN, 3))
        put(ring, 1, 2)
        ring.close()
    half, noise = places.folder / "old.2.partial", places.ring("older", 1)
    half.write_bytes(b"")
    noise.write_bytes(b"no ring" * 1000)
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("before", 1, "line", "")
        books = books_on(log, "before")
        for camera in ("belt", "old"):
            books.report(msgspec.structs.replace(reported(3), camera=camera))
        commit(books, log)
        books = books_on(log, "now")
        line = LineSettings((CameraSettings("belt", "belt.mp4"),), tmp_path)
        closing = Closing(line, left_in_rings(places, cameras_here(line)), "now")
        closing.step(books, None)
        assert not books.staged, "there is no log yet"
        closing.step(books, log)
        staged = books.take()
        assert half.exists() and noise.exists() and places.ring("old", 1).exists(), "nothing is on disk yet"
        log.write(staged.batch)
        closing.written(staged)
        assert log.open_runs() == {("belt", RUN): "before"}
    assert sorted(path.name for path in places.folder.glob("*.[rp]*")) == ["belt.1.ring"]
    events = rows(tmp_path, "SELECT kind, camera, text FROM events ORDER BY id")
    assert [(kind, camera) for kind, camera, _ in events] == [("line_died", "old"), *[("ring", "")] * 3]
    assert [text.split(" ")[0] for _, _, text in events[1:]] == ["old.1.ring", "old.2.partial", "older.1.ring"]
    assert "captures no camera old here" in events[1][2]


def told_by_strays(places: Places, folder: Path) -> list[str]:
    """The events of a start of a line that has the camera belt alone; what is said is on disk then."""
    line = LineSettings((CameraSettings("belt", "belt.mp4"),), folder)
    with contextlib.closing(DefectLog(folder)) as log:
        books = books_on(log, "now")
        closing = Closing(line, left_in_rings(places, cameras_here(line)), "now")
        closing.step(books, log)
        staged = books.take()
        assert places.orders("old").exists(), "nothing is on disk yet"
        log.write(staged.batch)
        closing.written(staged)
    return [text for (text,) in rows(folder, "SELECT text FROM events ORDER BY id")]


def test_what_was_ordered_of_a_camera_that_is_gone_from_the_settings_is_named_and_no_other_order_is_touched(
    places: Places, tmp_path: Path
) -> None:
    for camera in ("belt", "old"):
        orders = Orders(places.orders(camera), "before")
        orders.keep([Told("A", "user 0", 1, 0), Told("", "user 0", 2, 0)])
        orders.lose(RUN, "the camera went away")
        orders.keep([Told("B", "user 0", 3, 0)])
    (said,) = told_by_strays(places, tmp_path)
    assert said.startswith("old.orders is removed: this line captures no camera old here any more; parts that were ")
    assert said.endswith("ordered of it, without a picture: A, #1, B")
    assert [path.name for path in places.folder.glob("*.orders")] == ["belt.orders"]


def test_of_many_orders_the_first_are_named_and_the_others_counted(places: Places, tmp_path: Path) -> None:
    Orders(places.orders("old"), "before").keep(
        [Told(f"P{number}", "user 0", number, 0) for number in range(NAMED + 2)]
    )
    (said,) = told_by_strays(places, tmp_path)
    assert said.endswith("P8, P9 and 2 more")


def test_a_file_of_orders_that_is_none_is_not_removed_without_a_word_either(places: Places, tmp_path: Path) -> None:
    places.orders("old").write_bytes(b"no orders")
    (said,) = told_by_strays(places, tmp_path)
    assert said.endswith("nobody knows which") and not places.orders("old").exists()


def test_a_challenge_that_only_a_stray_ring_knows_is_closed_as_what_it_is(places: Places, tmp_path: Path) -> None:
    ring = Ring.create(places.ring("old", 1), slots=2, slot_bytes=BYTES)
    ring.runs.note(RunEntry(RUN, 1, challenge=True))
    ring.runs.note(RunEntry(RUN + 1, 1))
    ring.close()
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("before", 1, "line", "")
        books = books_on(log, "before")
        for run in (RUN, RUN + 1):
            book = books.book("old", run)
            book.captured = 1
            books.staged.batch.note(book)
        commit(books, log)
        books = books_on(log, "now")
        line = LineSettings((CameraSettings("belt", "belt.mp4"),), tmp_path)
        Closing(line, left_in_rings(places, cameras_here(line)), "now").step(books, log)
        commit(books, log)
    assert rows(tmp_path, "SELECT run, source FROM runs ORDER BY run") == [(RUN, "challenge:"), (RUN + 1, "")]
    assert rows(tmp_path, "SELECT sum(dropped) FROM minutes") == [(1,)], "of the product's run alone"


def test_cameras_that_another_computer_captures_are_away() -> None:
    cameras = (CameraSettings("belt", "a.mp4"), CameraSettings("lid", "b.mp4"))
    hosts = (HostSettings("desk", "10.0.0.1"), HostSettings("cell", "10.0.0.2", ("capture lid",)))
    assert cameras_away(LineSettings(cameras)) == set()
    assert cameras_away(LineSettings(cameras, hosts=hosts)) == {"lid"}


def books_on(log: DefectLog, session: str) -> Bookkeeping:
    return Bookkeeping(session, "recorder", GAP, lambda camera, run: log.book(camera, run, GAP))


def commit(books: Bookkeeping, log: DefectLog) -> None:
    log.write(books.take().batch)


def reported(captured: int, *outcomes: Outcome, ended: bool = False) -> Report:
    note = "end of the recording" if ended else ""
    return Report("belt", RUN, 1, "before", "belt.mp4", False, captured, 0, 0, outcomes, (), ended, note)


@pytest.mark.parametrize("ended", [False, True], ids=["in the middle", "after its last picture"])
def test_a_run_that_the_line_died_in_is_closed_with_a_reason_and_its_frames_are_counted(
    tmp_path: Path, ended: bool
) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("before", 1, "line", "")
        books = books_on(log, "before")
        books.judged(judged(0))
        books.judged(judged(7))
        books.report(reported(6, Outcome(2, 3, "dropped:newest"), ended=ended))
        commit(books, log)
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("now", 2, "line", "")
        assert log.open_runs() == {("belt", RUN): "before"}
        books = books_on(log, "now")
        assert books.abandon("belt", RUN) == 5
        commit(books, log)
        book = log.book("belt", RUN, GAP)
        assert book is not None and book.closed
        assert book.note == ("end of the recording" if ended else "the line died")
        assert book.captured == 8, "a verdict may be on record before capture has reported its frame"
        assert book.ledger.intervals() == (
            Interval(0, 1, "GOOD"),
            Interval(1, 2, "dropped:line_died"),
            Interval(2, 3, "dropped:newest"),
            Interval(3, 7, "dropped:line_died"),
            Interval(7, 8, "GOOD"),
        )
        assert log.open_runs() == {}


def test_a_log_that_was_kept_for_long_is_not_read_from_its_beginning(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("before", 1, "line", "")
        books = books_on(log, "before")
        books.report(reported(1))
        commit(books, log)
        for number in range(SESSIONS_LOOKED_AT - 1):
            log.begin_session(f"start {number}", 1, "line", "")
        assert log.open_runs() == {("belt", RUN): "before"}
        log.begin_session("one more", 1, "line", "")
        assert log.open_runs() == {}
