"""The list of what was taken: the same file never twice, and none forgotten, whenever its writer was killed."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from stream.sources import taken as taken_module
from stream.sources.settling import Mark
from stream.sources.taken import Taken, TakenList

RUN = 1_700_000_000_000_000


def mark(number: int) -> Mark:
    return Mark(1000 + number, number)


def one(seq: int, run: int = RUN) -> Taken:
    return Taken(run, seq, f"{run - RUN}-{seq}.jpg", mark(seq))


def opened(path: Path, run: int = RUN) -> TakenList:
    listed = TakenList(path)
    listed.open(run)
    return listed


def take(path: Path, count: int, run: int = RUN) -> TakenList:
    listed = opened(path, run)
    for seq in range(count):
        listed.take(one(seq, run))
        listed.placed()
    return listed


def test_what_was_taken_is_known_to_the_next_capture_by_its_number(tmp_path: Path) -> None:
    take(tmp_path / "list", 3)
    again = opened(tmp_path / "list")
    assert again.next_seq == 3 and [again.of(seq) for seq in range(4)] == [one(0), one(1), one(2), None]
    assert again.knows("0-1.jpg", mark(1)) and not again.knows("0-1.jpg", mark(2)) and not again.knows("x", mark(1))
    other = opened(tmp_path / "list", RUN + 1)
    assert other.next_seq == 0 and other.knows("0-2.jpg", mark(2))


def test_what_a_killed_run_had_in_its_hand_is_taken_again(tmp_path: Path) -> None:
    take(tmp_path / "list", 2).take(one(2))
    same = opened(tmp_path / "list")
    assert same.next_seq == 3 and same.of(2) == one(2), "the same run gives it the same number"
    other = opened(tmp_path / "list", RUN + 1)
    assert other.knows("0-1.jpg", mark(1)) and not other.knows("0-2.jpg", mark(2))


def test_a_picture_that_nobody_wanted_any_more_is_given_back(tmp_path: Path) -> None:
    listed = take(tmp_path / "list", 2)
    listed.take(one(2))
    listed.give_back()
    listed.placed()
    for known in (listed, opened(tmp_path / "list"), opened(tmp_path / "list", RUN + 1)):
        assert known.knows("0-1.jpg", mark(1)) and not known.knows("0-2.jpg", mark(2))
    assert opened(tmp_path / "list").next_seq == 2


@pytest.mark.parametrize(
    "junk",
    [b'{"run": 1, "seq"', b"\xff\xfe\n", b"[]\n", b"{}\n", b'{"file": 3}\n', b"[" * 3000 + b"\n", b"x" * 5000 + b"\n"],
)
def test_a_torn_or_foreign_line_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    take(tmp_path / "list", 2)
    with (tmp_path / "list").open("ab") as file:
        file.write(junk)
    assert opened(tmp_path / "list").knows("0-1.jpg", mark(1))


def test_a_list_that_cannot_be_written_stops_nothing_and_is_made_up_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "at").write_text("a file where a folder is wanted")
    listed = take(tmp_path / "at" / "list", 3)
    assert listed.knows("0-2.jpg", mark(2))
    assert len(caplog.records) == 1 and "cannot be kept" in caplog.text
    (tmp_path / "at").unlink()
    listed.take(one(3))
    listed.placed()
    assert opened(tmp_path / "at" / "list").next_seq == 4


def test_a_write_that_the_disk_breaks_off_spoils_no_line(tmp_path: Path) -> None:
    take(tmp_path / "list", 3)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    listed = opened(tmp_path / "list")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "list").stat().st_size + 10, before[1]))
        listed.take(one(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "list").read_bytes().endswith(b"\n")
    listed.placed()
    after = opened(tmp_path / "list")
    assert after.next_seq == 4 and after.of(3) == one(3)


def test_a_name_that_is_no_utf_8_is_one(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.jpg")
    listed = opened(tmp_path / "list")
    listed.take(Taken(RUN, 0, name, mark(0)))
    listed.placed()
    assert opened(tmp_path / "list").knows(name, mark(0))


def test_others_cannot_read_it(tmp_path: Path) -> None:
    take(tmp_path / "of" / "list", 1)
    assert (tmp_path / "of" / "list").stat().st_mode & 0o077 == 0 and (tmp_path / "of").stat().st_mode & 0o077 == 0


def test_the_list_stays_as_long_as_the_folder_and_forgets_nothing_that_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taken_module, "TIDY_AT", 20)
    monkeypatch.setattr(taken_module, "KEPT", 5)
    take(tmp_path / "list", 10, RUN - 1)
    listed = opened(tmp_path / "list")
    listed.lies_on("/mnt/share")
    there = {"-1-3.jpg", "-1-4.jpg"}
    for seq in range(40):
        listed.take(one(seq))
        listed.placed()
        listed.tidy(there)
    assert len((tmp_path / "list").read_bytes().splitlines()) < 50
    again = opened(tmp_path / "list")
    assert all(again.knows(f"-1-{seq}.jpg", mark(seq)) for seq in (3, 4)) and not again.knows("-1-5.jpg", mark(5))
    assert again.next_seq == 40 and [again.of(seq) for seq in range(36, 40)] == [one(seq) for seq in range(36, 40)]
    assert again.mount == "/mnt/share"
    assert opened(tmp_path / "list", RUN + 1).knows("0-39.jpg", mark(39))
