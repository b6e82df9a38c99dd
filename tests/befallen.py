"""What may befall a line in a soak, as its journal tells it; each with what is found, or excused. Knows no checker."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from tests.tampering import FRAMES, cut_a_recording_short, lose_a_folder_and_its_pointer, sql

NEAR_S, FAR_S = 0.2, 60.0  # from a frame to what befell the line


def note(folder: Path, **entry: object) -> None:
    """One more line in the journal."""
    said = {"utc_ns": 1, "mono_ns": 1, "id": 90, "pid": 1, "text": "", **entry}
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write(json.dumps(said) + "\n")


def victim(folder: Path) -> tuple[int, int]:
    """A BAD frame in the shadow of a worse one: its seq, and when it was captured."""
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        wanted = "state='BAD' AND evidence IS NULL"
        found = db.execute(f"SELECT seq, captured_mono_ns FROM verdicts WHERE {wanted} ORDER BY seq LIMIT 1")
        return tuple(found.fetchone())


def strike(folder: Path, name: str, target: str, *relaxes: str, after_s: float) -> None:
    """A fault that was over at once, so long after the frame that `drop_one` drops."""
    at_ns = victim(folder)[1] + int(after_s * 1e9)
    note(folder, kind="fault", mono_ns=at_ns, name=name, target=target, relaxes=relaxes, done=True)
    note(folder, kind="ended", mono_ns=at_ns, name=name, target=target)


def drop_one(folder: Path, name: str) -> int:
    seq, _ = victim(folder)
    sql(folder, f"DELETE FROM verdicts WHERE seq={seq}")
    sql(folder, f"UPDATE ledger SET outcome='dropped:{name}' WHERE start<={seq} AND stop>{seq}")
    return seq


def lose_the_worst_long_after_a_supervisor_died(folder: Path) -> None:
    strike(folder, "kill supervisor", "supervisor", "line", after_s=-FAR_S)
    lose_a_folder_and_its_pointer(folder)


def lose_the_worst_long_after_a_full_disk(folder: Path) -> None:
    strike(folder, "full disk", "", "evidence", after_s=-FAR_S)
    lose_a_folder_and_its_pointer(folder)


def lose_a_worst_that_has_no_times(folder: Path) -> None:
    strike(folder, "full disk", "", "evidence", after_s=-FAR_S)
    sql(folder, "UPDATE verdicts SET captured_mono_ns=NULL, judged_mono_ns=NULL")
    lose_a_folder_and_its_pointer(folder)


def drop_with_the_line_that_kept_its_power(folder: Path) -> None:
    strike(folder, "kill supervisor", "supervisor", "line", after_s=NEAR_S)
    drop_one(folder, "line_died")


def drop_with_a_capture_long_after_it_died(folder: Path) -> None:
    strike(folder, "kill supervisor", "supervisor", "line", after_s=-FAR_S)
    drop_one(folder, "capture_died")


def drop_with_a_capture_long_before_it_died(folder: Path) -> None:
    strike(folder, "kill", "capture belt", after_s=FAR_S)
    drop_one(folder, "capture_died")


def drop_with_a_capture_while_the_supervisor_paused(folder: Path) -> None:
    strike(folder, "pause supervisor", "supervisor", after_s=NEAR_S)
    drop_one(folder, "capture_died")


def drop_with_a_recorder_long_after_it_died(folder: Path) -> None:
    strike(folder, "full disk", "", "evidence", after_s=-FAR_S)
    strike(folder, "kill", "record", after_s=-FAR_S)
    drop_one(folder, "unrecorded")


def cut_a_recording_short_long_after_its_capture_died(folder: Path) -> None:
    strike(folder, "kill", "capture belt", after_s=-FAR_S)
    sql(folder, "UPDATE runs SET note='the capture died'")
    cut_a_recording_short(folder)


def hold_in_a_ring(folder: Path, *seqs: int) -> None:
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db:
        (run,) = db.execute("SELECT run FROM runs").fetchone()
    ring = {"camera": "belt", "pid": 1, "held": [[run, seq] for seq in seqs]}
    (folder / "rings.jsonl").write_text(json.dumps(ring) + "\n")


def lose_what_lay_in_a_ring(folder: Path) -> None:
    strike(folder, "kill", "capture belt", after_s=NEAR_S)
    hold_in_a_ring(folder, drop_one(folder, "capture_died"))


def let_what_lay_in_a_ring_give_way_to_nobody(folder: Path) -> None:
    hold_in_a_ring(folder, drop_one(folder, "newest"))


def forget_what_lay_in_a_ring(folder: Path) -> None:
    hold_in_a_ring(folder, FRAMES + 1)


def fall_by_itself(folder: Path) -> None:
    note(folder, kind="line", what="exited", code=1, asked=False)
    note(folder, kind="line", what="started", code=None, asked=False)


def stay_away(folder: Path) -> None:
    note(folder, kind="recovery", name="kill", target="record", found_s=0.1, beat_s=None, work_s=None)


TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    a()\n'


def say_a_traceback(folder: Path) -> None:
    strike(folder, "starve", "record", after_s=NEAR_S)
    (folder / "line.log").write_text(f"02:00:00 INFO    well\n{TRACEBACK}ZeroDivisionError: division by zero\n")


def say_a_traceback_after_one_that_is_excused(folder: Path) -> None:
    strike(folder, "starve", "record", after_s=NEAR_S)
    (folder / "line.log").write_text(f"{TRACEBACK}MemoryError\n02:00:00 INFO    on\n{TRACEBACK}KeyError: 'a'\n")


def lack_memory_though_nobody_took_it(folder: Path) -> None:
    (folder / "line.log").write_text(f"{TRACEBACK}MemoryError\n")


def judge_a_good_one_too_late(folder: Path) -> None:
    """Its age stands in the latencies of its run alone; no BAD one is as old as this deadline."""
    truth = json.loads((folder / "truth.json").read_text())
    truth["cameras"][0]["deadline_ms"] = 100_000.0
    (folder / "truth.json").write_text(json.dumps(truth))
    late = json.dumps({"100": 80, "290": 1}).encode()  # 290: 0.1 ms * 1.05**290 is 140 s
    with contextlib.closing(sqlite3.connect(folder / "data" / "log.sqlite")) as db, db:
        db.execute("UPDATE runs SET latencies=?", (late,))


def damage_the_file(folder: Path) -> None:
    """The index of a table disagrees with it."""
    sql(folder, "PRAGMA writable_schema=1", "DELETE FROM sqlite_master WHERE name='verdicts_by_time'")


BEFALLEN = {
    damage_the_file: {"duplicates"},
    lose_the_worst_long_after_a_supervisor_died: {"worst kept"},
    lose_the_worst_long_after_a_full_disk: {"worst kept"},
    lose_a_worst_that_has_no_times: {"worst kept"},
    drop_with_the_line_that_kept_its_power: {"accounted", "defects"},
    drop_with_a_capture_long_after_it_died: {"defects"},
    drop_with_a_capture_long_before_it_died: {"defects"},
    drop_with_a_capture_while_the_supervisor_paused: {"defects"},
    drop_with_a_recorder_long_after_it_died: {"defects"},
    cut_a_recording_short_long_after_its_capture_died: {"recordings"},
    lose_what_lay_in_a_ring: {"adopted"},
    let_what_lay_in_a_ring_give_way_to_nobody: {"adopted"},
    forget_what_lay_in_a_ring: {"adopted"},
    fall_by_itself: {"never fell"},
    stay_away: {"came back"},
    say_a_traceback: {"tracebacks"},
    say_a_traceback_after_one_that_is_excused: {"tracebacks"},
    lack_memory_though_nobody_took_it: {"tracebacks"},
    judge_a_good_one_too_late: {"ages"},
}


# --- what a fault explains ---


def lose_the_worst_while_the_disk_was_full(folder: Path) -> None:
    strike(folder, "full disk", "", "evidence", after_s=-NEAR_S)
    lose_a_folder_and_its_pointer(folder)


def drop_with_a_capture_that_died(folder: Path) -> None:
    strike(folder, "kill", "capture belt", after_s=NEAR_S)
    drop_one(folder, "capture_died")


def drop_with_a_capture_that_died_as_the_second(folder: Path) -> None:
    strike(folder, "kill two", "record", after_s=NEAR_S)
    journal = folder / "journal.jsonl"
    *before, fault, ended = journal.read_text().splitlines()
    fault = fault.replace('"text": ""', '"text": "and capture belt, process 7"')
    journal.write_text("\n".join([*before, fault, ended]) + "\n")
    drop_one(folder, "capture_died")


def judge_what_lay_in_a_ring(folder: Path) -> None:
    hold_in_a_ring(folder, *range(FRAMES))


def lack_memory_that_was_taken(folder: Path) -> None:
    strike(folder, "starve", "record", after_s=NEAR_S)
    said = (
        f"{TRACEBACK}ImportError: a.so: failed to map segment from shared object\n\nThe above exception was the direct"
    )
    (folder / "line.log").write_text(f"{said} cause of the following exception:\n\n{TRACEBACK}ImportError: \n")


EXCUSED = {
    lose_the_worst_while_the_disk_was_full: "worst kept",
    drop_with_a_capture_that_died: "defects",
    drop_with_a_capture_that_died_as_the_second: "defects",
    judge_what_lay_in_a_ring: "adopted",
    lack_memory_that_was_taken: "tracebacks",
}
