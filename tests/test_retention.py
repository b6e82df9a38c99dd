"""Retention: by age and by room, the oldest first; what is reviewed, pinned or young stays, and all is on record."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.__main__ import main
from stream.bookkeeping import Bookkeeping
from stream.defect_log import DefectLog, open_for_reading
from stream.evidence import remove_leftovers, take_away, write_evidence, write_sample
from stream.keeping import LOG_FILE
from stream.log_batch import SampleRow
from stream.log_error import LogError
from stream.messages import Act, Event, Judged, Review
from stream.retention import Retention, act_of, stage
from stream.retention_clock import HOUR_NS, Moment, moment
from stream.retention_named import Named
from stream.retention_plan import GB, Asked, Piece, asked, chosen
from stream.retention_sizes import Sizes, measured
from stream.retention_turn import EndedError, Swept, Turns, preview
from stream.settings import CameraSettings, KeptSettings, LineSettings, RetentionSettings, SamplesSettings
from tests.frames import RUN, judged, report
from tests.line import wait_for
from tests.recordings import numbered_frame
from tests.test_line_disk import fill, small_disk

NOBODY = RetentionSettings()


def nothing() -> None:
    return None


def review(seq: int, verdict: str) -> Act:
    said = msgspec.json.encode(Review(verdict)).decode()
    return Act(f"review {seq}", 1, "Ann", "operator", "review", f"belt/{RUN}/{seq}", "", said)


class Kept:
    """A line's log and folders, filled as the recorder fills them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = DefectLog(data_dir)
        self.books = Bookkeeping("s", "r", 10, lambda _camera, _run: None)

    def bad(self, seq: int) -> None:
        of = judged(seq, "BAD")
        folder = write_evidence(self.data_dir, of, numbered_frame(seq), None, None)
        self.books.judged(of, folder)

    def good(self, seq: int) -> None:
        of = judged(seq, "GOOD")
        folder = write_sample(self.data_dir, of, numbered_frame(seq), None)
        self.books.judged(of)
        self.books.staged.batch.samples.append(_sample(of, folder))

    def commit(self) -> None:
        self.log.write(self.books.take().batch)

    def aged(self) -> None:
        """As if all of it had been written a day ago."""
        then = time.time() - 86_400
        for top, folders, files in os.walk(self.data_dir):
            if Path(top) != self.data_dir:
                for name in (*folders, *files):
                    os.utime(Path(top, name), (then, then))

    def line(self, kept: RetentionSettings, **samples: int) -> LineSettings:
        camera = CameraSettings("belt", "synthetic:")
        return LineSettings((camera,), self.data_dir, retention=kept, samples=SamplesSettings(**samples))

    def rows(self, asked_for: str) -> list[tuple[object, ...]]:
        with contextlib.closing(open_for_reading(self.data_dir)) as db:
            return db.execute(asked_for).fetchall()

    def folders(self, top: str) -> list[int]:
        return sorted(int(path.name) for path in (self.data_dir / top).glob("*/*/*"))


def _sample(of: Judged, folder: str) -> SampleRow:
    frame = of.frame
    return SampleRow("belt", frame.run, frame.seq, frame.captured_utc_ns, 0.1, "random", folder, "b", "s")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Six incidents and four samples, old enough to go."""
    made = Kept(tmp_path)
    made.books.report(report(400))
    for seq in range(0, 300, 50):
        made.bad(seq)
    for seq in (301, 302, 303, 304):
        made.good(seq)
    made.commit()
    made.aged()
    yield made
    made.log.close()


def turn(kept: Kept, settings: RetentionSettings, **samples: int) -> list[Swept]:
    """One turn, and what it did on record."""
    done = Turns(kept.line(settings, **samples)).turn(nothing)
    for one in done:
        stage(kept.books.staged.batch, one)
    kept.commit()
    return done


def gb_of(kept: Kept, top: str, share: float) -> float:
    return Sizes(kept.data_dir / top).look(nothing) * share / GB


# --- pure ------------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), max_size=30),
    st.one_of(st.none(), st.integers(0, 100)),
    st.integers(0, 1000),
)
def test_what_goes_is_the_oldest_and_no_more_than_age_and_room_want(
    pieces: list[tuple[int, int]], before_ns: int | None, surplus: int
) -> None:
    listed = [Piece("clips", "belt", 1, at, 0, (), size, when) for at, (when, size) in enumerate(sorted(pieces))]
    gone = list(chosen(listed, Asked(before_ns, surplus)))
    assert gone == listed[: len(gone)]
    stay = listed[len(gone) :]
    assert all(before_ns is None or piece.came_ns >= before_ns for piece in stay)
    freed = sum(piece.bytes for piece in gone)
    assert freed >= min(surplus, sum(piece.bytes for piece in listed))
    if gone:  # the last one had to go
        last = gone[-1]
        assert (before_ns is not None and last.came_ns < before_ns) or freed - last.bytes < surplus


def test_without_a_budget_or_an_age_nothing_is_asked_for() -> None:
    assert not asked(KeptSettings(), 10**15, 10**18, age_is_due=True)
    assert not asked(KeptSettings(days=3), 10**15, 10**18, age_is_due=False)
    assert not asked(KeptSettings(gb=1), GB, 10**18, age_is_due=True)
    assert asked(KeptSettings(gb=1), GB + 1, 10**18, age_is_due=True).surplus == int(GB * 0.02) + 1


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_sizes_are_those_of_the_disk_and_follow_what_comes_and_goes(kept: Kept) -> None:
    sizes = Sizes(kept.data_dir / "evidence")

    def true_bytes() -> int:
        return sum(path.stat().st_blocks * 512 for path in kept.data_dir.glob("evidence/*/*/*/*"))

    assert sizes.look(nothing) == true_bytes() > 0
    kept.bad(399)
    assert sizes.look(nothing) == true_bytes()
    turn(kept, RetentionSettings(evidence=KeptSettings(gb=1e-6)))
    assert sizes.look(nothing) == true_bytes()


def test_a_folder_that_has_not_changed_is_not_listed_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = Sizes(kept.data_dir / "evidence")
    before = sizes.look(nothing)
    monkeypatch.setattr("stream.retention_sizes.listed", lambda folder: pytest.fail(f"{folder} is listed again"))
    assert sizes.look(nothing) == before


# --- a turn ----------------------------------------------------------------------------------------------------------


def test_without_settings_nothing_goes(kept: Kept) -> None:
    assert turn(kept, NOBODY) == []
    assert len(kept.folders("evidence")) == 6


def test_a_budget_holds_and_the_oldest_have_gone_with_their_rows(kept: Kept) -> None:
    (swept,) = turn(kept, RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.6))))
    assert kept.folders("evidence") == [150, 200, 250]
    assert [piece.number for piece in swept.pieces] == [0, 50, 100]
    assert swept.alarm == ""
    assert kept.rows("SELECT first_seq, evidence IS NULL FROM incidents ORDER BY first_seq") == [
        (seq, int(seq < 150)) for seq in range(0, 300, 50)
    ]
    assert kept.rows("SELECT seq FROM verdicts WHERE evidence IS NULL ORDER BY seq") == [(0,), (50,), (100,)]


def test_age_alone_deletes_what_is_older(kept: Kept) -> None:
    done = turn(kept, RetentionSettings(samples=KeptSettings(days=30), evidence=KeptSettings(days=36_000)))
    assert [(one.kind, len(one.pieces), one.bytes > 0) for one in done] == [
        ("evidence", 0, False),
        ("samples", 4, True),
    ]
    assert kept.folders("samples") == []  # their frames are of 2025
    assert kept.rows("SELECT count(*) FROM samples") == [(0,)]
    assert len(kept.folders("evidence")) == 6


def test_what_is_reviewed_or_pinned_stays_and_an_alarm_says_that_the_budget_cannot_be_kept(kept: Kept) -> None:
    for seq, verdict in ((0, "defect"), (50, "false_alarm"), (100, "unsure")):
        kept.books.act(review(seq, verdict))
    kept.books.act(Act("pin 1", 1, "Ann", "operator", "pin", f"belt/{RUN}/150", "0", "1"))
    kept.commit()
    (swept,) = turn(kept, RetentionSettings(evidence=KeptSettings(gb=1e-9)))
    assert kept.folders("evidence") == [0, 50, 100, 150]
    assert "retention.evidence.gb" in swept.alarm
    assert "pinned" in swept.alarm


def test_what_people_hold_is_asked_about_once_an_hour_and_with_a_pause_each(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much was reviewed: it is passed over from turn to turn, and what follows goes all the same."""
    for seq in (0, 50, 100):
        kept.books.act(review(seq, "defect"))
    kept.commit()
    looked: list[str] = []

    def noted(data_dir: Path, names: Iterable[str]) -> tuple[int, int]:
        looked.extend(Path(name).name for name in names)
        return measured(data_dir, names)

    monkeypatch.setattr("stream.retention_pieces.measured", noted)
    now, paused = moment(), 0

    def pause() -> None:
        nonlocal paused
        paused += 1

    line = kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.9))))
    turns = Turns(line, clock=lambda: now)
    assert [piece.number for one in turns.turn(pause) for piece in one.pieces] == [150]
    assert looked[:4] == ["00000000", "00000050", "00000100", "00000150"] and paused >= len(looked)
    looked.clear()
    turns.line = kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.9))))
    assert [piece.number for one in turns.turn(pause) for piece in one.pieces] == [200]
    assert looked[0] == "00000200"
    turns.line = kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.9))))
    now = Moment(now.boot_id, now.boot_ns + HOUR_NS, now.utc_ns + HOUR_NS)
    looked.clear()
    turns.turn(pause)
    assert looked[:3] == ["00000000", "00000050", "00000100"], "after an hour it is asked about again"


def test_past_its_number_the_oldest_samples_of_a_camera_go(kept: Kept) -> None:
    turn(kept, NOBODY, kept_max=3)
    assert kept.folders("samples") == [302, 303, 304]
    assert kept.rows("SELECT seq FROM samples ORDER BY seq") == [(302,), (303,), (304,)]


def test_what_is_young_stays_whatever_the_budget(kept: Kept) -> None:
    film = kept.data_dir / "clips" / "belt" / str(RUN) / "399.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"x" * 5000)
    assert "clips" in turn(kept, RetentionSettings(clips=KeptSettings(gb=1e-9)))[0].alarm
    assert film.exists()


def test_clips_of_reviewed_incidents_stay_and_segments_go_but_the_newest_of_a_run(kept: Kept) -> None:
    kept.books.act(review(50, "defect"))
    kept.commit()
    for top, names in (("clips", ["0.mp4", "0.json", "50.mp4", "50.json"]), ("segments", ["0.mp4", "1.mp4", "2.mp4"])):
        folder = kept.data_dir / top / "belt" / str(RUN)
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_bytes(b"x" * 5000)
    kept.aged()
    tiny = KeptSettings(gb=1e-9)
    turn(kept, RetentionSettings(clips=tiny, segments=tiny))
    found = (path.relative_to(kept.data_dir).as_posix() for path in kept.data_dir.glob("*/*/*/*.*"))
    assert sorted(name.replace(str(RUN), "RUN") for name in found) == [
        "clips/belt/RUN/50.json",
        "clips/belt/RUN/50.mp4",
        "segments/belt/RUN/2.mp4",
    ]


def test_the_film_of_a_run_that_goes_on_stays(kept: Kept) -> None:
    kept.books.report(report(10, run=RUN + 1, ended=True))
    kept.commit()
    folder = kept.data_dir / "video"
    folder.mkdir()
    for name in (f"belt-{RUN}.mp4", f"belt-{RUN + 1}.mp4", f"belt-{RUN + 1}.2.mp4", "notes.txt"):
        (folder / name).write_bytes(b"x" * 5000)
    kept.aged()
    turn(kept, RetentionSettings(video=KeptSettings(gb=1e-9)))
    assert sorted(path.name for path in folder.iterdir()) == [f"belt-{RUN}.mp4", "notes.txt"]


def test_the_log_knows_after_a_restart_of_what_a_killed_recorder_had_deleted(kept: Kept) -> None:
    before = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.6)))))
    before.turn(nothing)  # and killed before its commit
    assert kept.rows("SELECT count(*) FROM incidents WHERE evidence IS NOT NULL") == [(6,)]
    (found,) = turn(kept, NOBODY)
    assert [piece.number for piece in found.pieces] == [0, 50, 100]
    assert kept.rows("SELECT count(*) FROM incidents WHERE evidence IS NOT NULL") == [(3,)]


def test_of_clips_a_killed_recorder_wrote_down_what_it_was_about_to_delete(kept: Kept) -> None:
    folder = kept.data_dir / "clips" / "belt" / str(RUN)
    folder.mkdir(parents=True)
    for seq in (0, 50):
        (folder / f"{seq}.mp4").write_bytes(b"x" * 5000)
    kept.aged()
    line = kept.line(RetentionSettings(clips=KeptSettings(gb=1e-9)))
    (first,) = Turns(line).turn(nothing)  # and killed before its commit
    (again,) = Turns(kept.line(NOBODY)).turn(nothing)
    assert [piece.number for piece in again.pieces] == [0, 50]
    assert act_of(again, 1).id == act_of(first, 2).id  # said twice, it is on record once


def test_pictures_that_are_missing_are_not_said_to_be_deleted(kept: Kept) -> None:
    """The disk of the evidence is not there at the start: the log goes on saying what there was."""
    before = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.6)))))
    before.turn(nothing)  # killed before its commit: three have really gone
    tops = [kept.data_dir / "evidence", kept.data_dir / "samples"]
    for top in tops:
        top.rename(top.with_name(f"{top.name} away"))
    assert [len(one.pieces) for one in turn(kept, NOBODY)] == [3]
    swept = turn(kept, RetentionSettings(samples=KeptSettings(days=30)), kept_max=1)
    assert not [piece for one in swept for piece in one.pieces if one.kind == "samples"]
    assert kept.rows("SELECT count(*) FROM incidents WHERE evidence IS NOT NULL") == [(3,)]
    assert kept.rows("SELECT count(*) FROM samples") == [(4,)]
    for top in tops:
        top.with_name(f"{top.name} away").rename(top)
    assert remove_leftovers(kept.data_dir, kept.log.evidence_folders(), kept.log.runs()) == 0


def test_samples_that_somebody_took_away_make_no_other_go(kept: Kept) -> None:
    """Four rows, two folders: what is there counts against kept_max, and is deleted only past it."""
    for seq in (301, 302):
        take_away(kept.data_dir / "samples" / "belt" / str(RUN) / f"{seq:08d}")
    turn(kept, NOBODY, kept_max=3)
    assert kept.folders("samples") == [303, 304]
    turn(kept, NOBODY, kept_max=2)
    assert kept.folders("samples") == [303, 304]
    turn(kept, NOBODY, kept_max=1)
    assert kept.folders("samples") == [304]


def test_what_was_deleted_is_told_once_however_many_turns_went_unreported(kept: Kept) -> None:
    for share in (0.8, 0.6):  # and killed before a commit
        Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", share))))).turn(nothing)
    assert kept.folders("evidence") == [200, 250]
    again = Turns(kept.line(NOBODY))
    first = again.turn(nothing)
    assert sorted(piece.number for one in first for piece in one.pieces) == [0, 50, 100, 150]
    for one in first:
        stage(kept.books.staged.batch, one)
        kept.books.act(act_of(one, 1))
    kept.commit()
    assert Turns(kept.line(NOBODY)).turn(nothing) == []


@pytest.mark.parametrize("kind", ["evidence", "samples", "clips"])
def test_what_is_pinned_while_the_turn_runs_stays(kept: Kept, kind: str) -> None:
    clips = kept.data_dir / "clips" / "belt" / str(RUN)
    clips.mkdir(parents=True)
    for seq in (0, 50, 250):
        (clips / f"{seq}.mp4").write_bytes(b"x" * 5000)
    kept.aged()
    last = 304 if kind == "samples" else 250
    asked_for = 0

    def rest() -> None:
        nonlocal asked_for
        asked_for += 1
        if asked_for == 1:
            kept.books.act(Act("pin", 1, "Ann", "operator", "pin", f"belt/{RUN}/{last}", "0", "1"))
            kept.commit()

    tiny = RetentionSettings(**{kind: KeptSettings(gb=1e-9)})
    (swept,) = (one for one in Turns(kept.line(tiny), rest).turn(nothing) if one.pieces)
    assert asked_for == len(swept.pieces) + 1 > 2
    left = sorted(path.stem for path in (kept.data_dir / kind).glob("*/*/*"))
    assert [int(name) for name in left] == [last]


def test_what_was_named_in_an_act_that_is_on_its_way_stays(kept: Kept) -> None:
    named = Named()
    named.hear(kept.books.staged.batch, 0.0)
    kept.books.act(review(250, "defect"))
    named.hear(kept.books.staged.batch, 0.0)
    staged = kept.books.take()  # the disk has it in hand
    named.hear(kept.books.staged.batch, 1.0)
    line = kept.line(RetentionSettings(evidence=KeptSettings(gb=1e-9)))
    Turns(line, named=named.frames).turn(nothing)
    assert kept.folders("evidence") == [250]
    named.forget(kept.books.staged.batch, 59.0)
    assert named.frames() == (("belt", RUN, 250),)
    named.forget(staged.batch, 60.0)  # the disk refused, and it waits again
    assert named.frames() == (("belt", RUN, 250),)
    named.forget(kept.books.staged.batch, 120.0)
    assert named.frames() == ()


def test_one_that_cannot_be_deleted_stops_no_other_and_the_alarm_names_it(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(folder: Path) -> None:
        if folder.name == "00000000":
            raise PermissionError(1, "Operation not permitted")
        take_away(folder)

    monkeypatch.setattr("stream.retention_removing.take_away", held)
    turns = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.9)))))
    said = f"retention.evidence: 1 cannot be deleted, such as evidence/belt/{RUN}/00000000: Operation not"
    for left in ([0, 50, 100, 150, 200, 250], [0, 100, 150, 200, 250]):  # the next turn takes another
        (swept,) = turns.turn(nothing)
        assert kept.folders("evidence") == left
        assert swept.alarm.startswith(said)
    assert kept.rows("SELECT count(*) FROM incidents WHERE evidence IS NOT NULL") == [(6,)]  # none is on record yet
    assert [piece.number for piece in swept.pieces] == [50]
    turns.refused["evidence"].forget(2**63)  # an hour later
    turns.aged_ns.clear()
    monkeypatch.undo()
    turns.line = kept.line(RetentionSettings(evidence=KeptSettings(days=30)))
    assert [one.alarm for one in turns.turn(nothing) if one.kind == "evidence"] == [""]
    assert kept.folders("evidence") == []


def test_a_turn_that_is_ended_tells_what_it_has_done(kept: Kept) -> None:
    def end() -> None:
        raise EndedError

    tiny = KeptSettings(gb=1e-9)
    turns = Turns(kept.line(RetentionSettings(samples=tiny), kept_max=1), rest=nothing)
    assert turns.turn(end) == []
    assert [len(one.pieces) for one in turns.turn(nothing) if one.kind == "samples"] == [4]


def test_a_preview_deletes_nothing(kept: Kept) -> None:
    shown = preview(kept.line(RetentionSettings(evidence=KeptSettings(gb=1e-9))), nothing)
    assert len(shown["evidence"][1]) == 6
    assert shown["samples"] == (Sizes(kept.data_dir / "samples").look(nothing), [])
    assert len(kept.folders("evidence")) == 6


# --- in the recorder -------------------------------------------------------------------------------------------------


def test_each_sweep_is_an_act_with_how_much_and_from_when_to_when(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.retention.FIRST_S", 0.0)
    retention = Retention(kept.line(RetentionSettings(evidence=KeptSettings(gb=1e-9))), kept.books)

    def swept() -> bool:
        retention.step()
        return bool(kept.books.staged.batch.acts)

    try:
        wait_for(swept, "something is swept")
    finally:
        retention.close()
    kept.commit()
    ((who, role, kind, subject, new),) = kept.rows("SELECT who, role, kind, subject, new FROM acts")
    assert (who, role, kind, subject) == ("retention", "system", "delete", "evidence")
    said = json.loads(str(new))
    assert (said["count"], said["from_utc_ns"]) == (6, RUN * 1000)
    assert said["to_utc_ns"] == RUN * 1000 + 250 * 40_000_000
    assert said["bytes"] > 6 * 5 * 512
    assert kept.rows("SELECT count(*) FROM verdicts") == [(6,)]


def test_a_log_that_cannot_be_read_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.retention.FIRST_S", 0.0)
    (tmp_path / LOG_FILE).write_bytes(b"no log" * 1000)
    line = LineSettings((CameraSettings("belt", "synthetic:"),), tmp_path)
    retention = Retention(line, Bookkeeping("s", "r", 10, lambda _camera, _run: None))
    retention.step()
    wait_for(lambda: retention._future is not None and retention._future.done(), "the turn ends")
    retention.step()
    retention.close()
    assert retention.alarms == ()


def test_on_a_full_disk_it_deletes_first_and_the_record_goes_with_the_next_commit(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=4) as data_dir:
        kept = Kept(data_dir)
        kept.books.report(report(400))
        for seq in range(0, 300, 50):
            kept.bad(seq)
        kept.commit()
        kept.aged()
        turns = Turns(kept.line(RetentionSettings(evidence=KeptSettings(gb=gb_of(kept, "evidence", 0.4)))))
        fill(data_dir)
        kept.books.event(Event("belt", RUN, "note", "x" * 50_000, 1))
        staged = kept.books.take()
        with pytest.raises(LogError):
            kept.log.write(staged.batch)
        swept = turns.turn(nothing)
        stage(staged.batch, swept[0])
        kept.log.write(staged.batch)
        assert kept.folders("evidence") == [200, 250]
        assert kept.rows("SELECT count(*) FROM incidents WHERE evidence IS NOT NULL") == [(2,)]
        kept.log.close()


def test_a_recorder_that_ends_reports_the_turn_that_is_under_way(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.retention.FIRST_S", 0.0)
    retention = Retention(kept.line(RetentionSettings(samples=KeptSettings(days=30))), kept.books)
    retention.step()

    def ended() -> bool:
        busy = retention.busy()
        retention.step()
        return not busy

    wait_for(ended, "the turn to end")
    retention.step()
    retention.close()
    gone = len(kept.folders("samples")) == 0
    assert bool(kept.books.staged.batch.gone_samples) == gone  # ended while it counted, or reported: never neither


# --- for people ------------------------------------------------------------------------------------------------------


def line_file(kept: Kept, *rows: str) -> Path:
    path = kept.data_dir.parent / f"{kept.data_dir.name}.yaml"
    path.write_text("\n".join(["cameras:", "  belt:", "    source: 'synthetic:'", f"data_dir: {kept.data_dir}", *rows]))
    return path


def test_the_command_shows_what_is_there_and_what_would_go_and_deletes_nothing(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    file = line_file(kept, "retention:", "  evidence: {gb: 0.00001}", "  samples: {days: 30}")
    assert main(["retention", str(file), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "6 pieces" in said
    assert "4 pieces" in said
    assert f"evidence/belt/{RUN}/00000250" in said
    assert "GB a day; without more budgets the disk lasts" in said
    assert main(["retention", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    kinds = {kind["kind"]: (kind["would_go"], kind["bytes"] > 0) for kind in shown["kinds"]}
    assert kinds == {
        "evidence": (6, True),
        "clips": (0, False),
        "segments": (0, False),
        "video": (0, False),
        "samples": (4, True),
    }
    assert shown["days_left"] > 0
    assert len(kept.folders("evidence")) == 6


def test_without_a_log_the_command_says_so(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    file = line_file(kept)
    assert main(["retention", str(file), "--set", f"data_dir={kept.data_dir / 'none'}"]) == 2
    assert "no log here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("retention: {evidence: {gb: 0}}", "retention.evidence.gb: must be more than 0"),
        ("retention: {clips: {days: never}}", "retention.clips.days: needs a number"),
        ("retention: {logs: {gb: 1}}", "retention.logs: unknown setting"),
        ("samples: {near: 2}", "samples.near: must be 0 to 1"),
        ("samples: {random_per_hour: -1}", "samples.random_per_hour: must be 0 or more"),
    ],
    ids=lambda value: value.split(":")[1] if value.startswith(("ret", "sam")) else None,
)
def test_what_cannot_be_kept_is_refused(kept: Kept, row: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retention", str(line_file(kept, row))]) == 2
    assert said in capsys.readouterr().err
