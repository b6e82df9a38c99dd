"""The soak: a schedule that is a function of the seed, a sound table, and a short one on a real line."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.configuration import read_line
from tests.line import ROOT
from tools.soak_check import check
from tools.soak_check_facts import read_soak
from tools.soak_faults import BY_NAME, FAULTS, KINDS
from tools.soak_gige import ADDRESS
from tools.soak_line import cast_of, soak_line
from tools.soak_processes import command_of, marked, marking, role_in
from tools.soak_report import as_text, report_of, times_of
from tools.soak_schedule import BEGIN_S, KILLS, Cast, over_s, pace_s, schedule
from tools.soak_truth import (
    RELAXES,
    EndedEntry,
    FaultEntry,
    JournalEntry,
    LineEntry,
    RecoveryEntry,
    line_of,
    read_journal,
)

CAST = cast_of(read_line(ROOT / "configs" / "soak.yaml"))
CAMERAS = replace(cast_of(read_line(ROOT / "configs" / "soak-cameras.yaml")), gige=("gate",))  # Aravis or not
NOBODY = Cast((), (), (), ())
seeds = st.integers(0, 2**63)
lengths = st.floats(0.3, 30)


@given(seed=seeds, minutes=lengths)
def test_the_schedule_is_a_function_of_seed_and_length(seed: int, minutes: float) -> None:
    assert schedule(seed, minutes, KINDS, CAST) == schedule(seed, minutes, tuple(KINDS), CAST)


@given(seed=seeds, minutes=lengths)
def test_every_fault_has_somebody_to_hit_and_is_over_in_time(seed: int, minutes: float) -> None:
    planned = schedule(seed, minutes, KINDS, CAST)
    assert [fault.id for fault in planned] == list(range(len(planned)))
    assert [fault.at_s for fault in planned] == sorted(fault.at_s for fault in planned)
    until_s = over_s(minutes)
    for fault in planned:
        kind = BY_NAME[fault.name].kind
        assert fault.target in kind.targets(CAST)
        assert fault.at_s >= BEGIN_S and fault.at_s + fault.lasts_s <= until_s + 0.002
        assert fault.lasts_s <= kind.lasts_s[1]


@given(seed=seeds, minutes=lengths)
def test_faults_of_a_row_keep_their_distance(seed: int, minutes: float) -> None:
    planned = schedule(seed, minutes, KINDS, CAST)
    for row in {kind.row for kind in KINDS}:
        times = [fault.at_s for fault in planned if BY_NAME[fault.name].kind.row == row]
        least, most = pace_s(row, minutes)
        assert all(least - 0.002 <= b - a <= most + 0.002 for a, b in itertools.pairwise(times))


@given(seed=seeds)
@settings(max_examples=20)
def test_ten_minutes_bring_every_kind_of_fault_and_enough_kills(seed: int) -> None:
    planned = schedule(seed, 10, KINDS, CAST)
    assert {fault.name for fault in planned} == {kind.name for kind in KINDS if kind.targets(CAST)}
    others = schedule(seed, 10, KINDS, CAMERAS)
    assert {fault.name for fault in (*planned, *others)} == set(BY_NAME)
    assert sum(BY_NAME[fault.name].kind.row == KILLS for fault in planned) >= 95  # some find nobody; six soaks: 500


def test_other_seeds_are_other_schedules() -> None:
    assert len({schedule(seed, 2, KINDS, CAST) for seed in range(50)}) == 50


def test_a_line_without_anybody_gets_only_what_needs_nobody() -> None:
    names = {fault.name for fault in schedule(1, 30, KINDS, NOBODY)}
    assert "full disk" in names and not names & {"kill", "lose camera", "garbage", "slow viewer"}


def test_the_table_names_each_fault_once_and_relaxes_only_what_is_explained() -> None:
    assert not [name for name, count in Counter(kind.name for kind in KINDS).items() if count > 1]
    assert {word for fault in FAULTS for word in fault.relaxes} <= set(RELAXES)


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (["linewatch inspect 2"], "inspect 2"),
        (["python", "-m", "stream", "inspect", "-", "--session", "s", "--number", "3", "--gate", "7"], "inspect 3"),
        (["python", "-m", "stream", "capture", "-", "--session", "s", "--camera", "belt"], "capture belt"),
        (["python", "-m", "stream", "record", "-"], "record"),
        (["python", "-m", "stream", "run", "line.yaml"], ""),
        (["python", "-c", "pass"], ""),
        ([], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_role_is_known_by_its_command_line(command: list[str], role: str) -> None:
    assert role_in(command) == role


def test_a_role_that_is_left_is_found_though_it_has_taken_a_name(tmp_path: Path) -> None:
    program = "import setproctitle; setproctitle.setproctitle('linewatch capture belt'); print(flush=True); input()"
    words = [sys.executable, "-c", program, *["a role has longer words"] * 4]
    mark, pipe = str(tmp_path), subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, env=os.environ | marking(mark)) as role:
        assert role.stdout is not None
        role.stdout.readline()
        assert marked(mark).keys() == {role.pid} and role_in(command_of(role.pid)) == "capture belt"
        role.communicate(b"\n")
    assert not marked(mark)


LINES = ["soak", "soak-cameras", "line", "demo", "rtsp", "usb", "mjpeg", "watch", "parts", "recipes", "industrial"]


@pytest.mark.parametrize("name", LINES)
def test_a_users_line_keeps_all_but_its_pictures_and_its_bundle(name: str, tmp_path: Path) -> None:
    file = ROOT / "configs" / f"{name}.yaml"
    theirs, soaked = read_line(file), soak_line(file, tmp_path, seed=5, minutes=1)
    assert soaked.line.supervisor == theirs.supervisor and soaked.line.recorder == theirs.recorder
    assert soaked.line.inspector.count == theirs.inspector.count
    for camera, ours, before in zip(soaked.cameras, soaked.line.cameras, theirs.cameras, strict=True):
        assert (ours.name, ours.newest, ours.live, ours.region) == (
            before.name,
            before.newest,
            before.live,
            before.region,
        )
        assert camera.truth.width % 2 == camera.truth.height % 2 == 0
        assert str(tmp_path) in ours.source or ours.source.startswith(("http://127.0.0.1:", ADDRESS))
        assert ours.parts.told_by == before.parts.told_by and ours.control.trigger in ("free", "software")
        assert (ours.username, ours.password_file, ours.taken_list) == (None, None, None)
    assert any("bundle" in note for note in soaked.notes)


JOURNAL: tuple[JournalEntry, ...] = (
    LineEntry(1, 1, "started", 10, None, False, ""),
    FaultEntry(2, 2, 0, "kill", "inspect 1", 11, (), True, ""),
    EndedEntry(2, 2, 0, "kill", "inspect 1", ""),
    RecoveryEntry(3, 3, 0, "kill", "inspect 1", 12, 0.01, 0.91, 0.91),
    FaultEntry(4, 4, 1, "full disk", "", 0, ("evidence",), False, "no root"),
    RecoveryEntry(5, 5, 2, "stop", "capture belt", 12, 1.6, 2.0, None),
    RecoveryEntry(5, 5, 3, "stop", "capture belt", 0, None, None, None),
    LineEntry(6, 6, "exited", 10, 1, False, ""),
)


def test_the_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_bytes(b"".join(line_of(entry) for entry in JOURNAL))
    assert read_journal(file) == JOURNAL


def test_the_report_counts_what_was_done_and_how_long_it_took() -> None:
    report = report_of(JOURNAL, seed=1, minutes=1, notes=("a note",), check=0, adopted=3)
    counts = {fault.name: (fault.done, fault.not_done) for fault in report.faults}
    assert (counts["kill"], counts["full disk"], counts["stop"]) == ((1, 0), (0, 1), (0, 0))
    assert (report.kills_and_stops, report.line_starts, report.line_exits_unasked) == (1, 1, 1)
    times = {row.role: row for row in report.recoveries}
    assert times["inspect"].back is not None and times["inspect"].back.p50_s == pytest.approx(0.9)
    assert times["capture"].found is not None and (times["capture"].back, times["capture"].lost) == (None, 1)
    assert "3 frames lay in the ring" in as_text(report)
    assert "no root" in as_text(report) and "note: a note" in as_text(report)


@given(st.lists(st.floats(0, 100), min_size=1))
def test_the_middle_lies_before_the_worst(seconds: list[float]) -> None:
    times = times_of(seconds)
    assert times is not None and times.count == len(seconds) and times.p50_s <= times.max_s


SHORT = {  # what must have been seen in it, however slow the machine
    "soak.yaml": (0.5, 58, 3, ("oldest", "segments", "gaps", "clips", "files", "samples")),
    "soak-cameras.yaml": (0.3, 4, 2, ("taken", "one verdict", "heard")),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_soak_of_a_real_line_breaks_nothing(tmp_path: Path, name: str) -> None:
    out, (minutes, seed, kills, looked_at) = tmp_path / "soaked", SHORT[name]
    words = [f"configs/{name}", "--minutes", str(minutes), "--seed", str(seed), "--out", str(out), "--json"]
    command = [sys.executable, "-m", "tools.soak", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550, env=os.environ)
    said = f"{done.stderr}\n{(out / 'line.log').read_text()[-4000:]}"
    assert done.returncode == 0, said
    report, findings = json.loads(done.stdout.splitlines()[-1]), check(read_soak(out))
    assert [invariant for invariant in looked_at if not findings[invariant].checked] == []
    assert report["kills_and_stops"] >= kills and sum(fault["done"] for fault in report["faults"]) >= 2 * kills, said
