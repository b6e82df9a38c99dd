"""A whole line on a watched folder: each picture is judged once, whoever is killed; a folder that goes is a loss."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.line import RunningLine, rows, running, wait_for, write_line
from tests.test_rtsp_line import events, page, stop
from tests.test_watched_folder import put

FIRST, MORE = 16, 3


def files(line: RunningLine) -> list[tuple[int, int, str]]:
    """Run, number and name of each file that the line has taken."""
    said = (json.loads(row) for row in (line.data_dir / "watched" / "belt.jsonl").read_text().splitlines())
    return [(row["run"], row["seq"], row["file"]) for row in said if "file" in row]


def judged(line: RunningLine) -> list[tuple[int, int]]:
    """Of each run how many frames are GOOD, BAD or UNKNOWN."""
    query = "SELECT run, sum(stop - start) FROM ledger WHERE outcome IN ('GOOD', 'BAD', 'UNKNOWN') GROUP BY run"
    return [(run, count) for run, count in rows(line.data_dir, query)]


def test_each_picture_is_judged_once_whoever_is_killed_and_whatever_goes_away(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    file = write_line(tmp_path, f"watch:{folder}")
    with running(file) as line:
        wait_for(lambda: f"waiting for pictures in {folder}" in page(line), "the page to say that it waits")
        pid = line.wait_role("capture belt")
        for number in range(FIRST):
            put(folder, number)
            if number in (5, 9):
                os.kill(pid, signal.SIGKILL)
                pid = line.wait_role("capture belt", other_than=pid)
        wait_for(lambda: sum(count for _, count in judged(line)) == FIRST, "every picture judged")
        ((run, _),) = judged(line)
        camera = stop(line)
    assert line.process.returncode == 0 and camera["ledger_closed"], line.said()
    assert (camera["captured"], camera["dropped"], camera["unreadable"]) == (FIRST, {}, 0)
    taken = {(seq, name) for _, seq, name in files(line)}
    assert len(taken) == FIRST == len({name for _, name in taken}) and {seq for seq, _ in taken} == set(range(FIRST))

    for number in range(FIRST, FIRST + MORE):
        put(folder, number)
    folder.rename(tmp_path / "away")
    with running(file) as line:
        wait_for(lambda: events(line, "source"), "the loss on record")
        wait_for(lambda: '"retrying"' in page(line), "the page to say so")
        (tmp_path / "away").rename(folder)
        wait_for(lambda: sum(count for _, count in judged(line)) == FIRST + MORE, "what came meanwhile, judged")
        folder.rename(tmp_path / "away")
        wait_for(lambda: len(events(line, "source")) == 2, "the second loss on record")
        (tmp_path / "away").rename(folder)
        put(folder, FIRST + MORE)
        wait_for(lambda: sum(count for _, count in judged(line)) == FIRST + MORE + 1, "a picture of the same run")
        wait_for(lambda: len(events(line, "gap")) == 2, "both gaps on record")
        camera = stop(line)
    assert camera["captured"] == MORE + 1 and camera["ledger_closed"], line.said()
    assert len({one for one, _, _ in files(line)}) == 2, "a run each"
    assert {name for one, _, name in files(line) if one != run} == {f"{n}.jpg" for n in range(FIRST, FIRST + MORE + 1)}
    assert len(list(folder.iterdir())) == FIRST + MORE + 1, "nothing is moved or deleted"
    assert all("no such folder" in said for said in events(line, "source") + events(line, "gap"))
    assert all("; no pictures for " in gap for gap in events(line, "gap"))
