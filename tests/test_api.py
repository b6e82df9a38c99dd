"""The API without a line: its table, its document, and logs that are absent, old, damaged or slow to search."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stream import searching_pool
from stream.keeping import LOG_FILE
from stream.messages import CameraAlarm, RoleStatus
from stream.settings import CameraSettings, LineSettings
from stream.web.api.openapi import document
from stream.web.api.table import ROUTES
from stream.web.audience import Audience
from stream.web.board import Board
from stream.web.guard import Guard
from stream.web.news import alarms_in
from stream.web.page import Page
from stream.web.readiness import missing
from stream.web.rights import ROLES
from stream.web.server import serving
from stream.web.talk import CameraView, PageCounts, PageStatus
from stream.web.turned_away import TurnedAway
from tests.page_requests import ask
from tests.searched_log import RUN, write_log

LISTS = ("incidents", "frames", "parts", "events", "runs", "acts", "samples")


@contextmanager
def served(data_dir: Path) -> Iterator[str]:
    """A page over a log that nobody writes; its address."""
    line = LineSettings((CameraSettings("belt", "synthetic:"),), data_dir)
    board = Board(line, "s")
    loop, ends = asyncio.new_event_loop(), asyncio.Event()

    async def serve(listening: socket.socket, up: threading.Event) -> None:
        guard = Guard("127.0.0.1", frozenset(), None)
        page = Page(guard, Audience(), data_dir, lambda: board.status(PageCounts(0, 0, 0, 0), 1), TurnedAway())
        async with serving(page, listening):
            up.set()
            await ends.wait()
        await loop.shutdown_default_executor()

    with closing(loop), socket.create_server(("127.0.0.1", 0)) as listening:
        up = threading.Event()
        thread = threading.Thread(target=lambda: loop.run_until_complete(serve(listening, up)))
        thread.start()
        assert up.wait(60.0)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            loop.call_soon_threadsafe(ends.set)
            thread.join()


def answer(address: str, path: str) -> tuple[int, Any]:
    status, said, _ = ask(address, path)
    return status, json.loads(said)


# --- the table -------------------------------------------------------------------------------------------------------


def test_each_call_stands_once_and_asks_for_a_role() -> None:
    named = [(route.method, route.path) for route in ROUTES]
    assert len(named) == len(set(named))
    assert {route.role for route in ROUTES} <= {"", *ROLES}


def test_what_changes_something_asks_for_more_than_to_look() -> None:
    free = {"/api/login", "/api/logout"}
    assert {route.path for route in ROUTES if route.method == "POST" and route.role in ("", "viewer")} <= free


def test_the_document_names_every_call_and_resolves() -> None:
    made = json.loads(json.dumps(document(ROUTES)))
    calls = {(method.upper(), path) for path, methods in made["paths"].items() for method in methods}
    assert len(calls) == len(ROUTES)
    refs = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made)))
    assert refs == set(made["components"]["schemas"])
    names = [call["operationId"] for methods in made["paths"].values() for call in methods.values()]
    assert len(names) == len(set(names))
    assert "\\A" not in json.dumps(made)


# --- logs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_where_there_is_no_log_yet_lists_are_empty_and_say_why(tmp_path: Path, name: str) -> None:
    with served(tmp_path) as address:
        status, said = answer(address, f"/api/{name}")
    assert status == 200 and said[name] == [] and said["next"] is None
    assert "no log yet" in said["note"]


def test_a_log_of_an_older_version_is_read_as_empty_and_says_so(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / LOG_FILE)) as db:
        db.execute("CREATE TABLE runs (camera)")
        db.execute("PRAGMA user_version=2")
    with served(tmp_path) as address:
        status, said = answer(address, "/api/incidents")
        assert status == 200 and said["incidents"] == [] and "version 2" in said["note"]
        assert answer(address, "/api/incidents/belt/1/2")[0] == 404
        assert answer(address, "/api/filters")[1]["cameras"] == ["belt"]


def test_a_log_that_comes_or_changes_places_is_found(tmp_path: Path) -> None:
    with served(tmp_path) as address:
        assert answer(address, "/api/incidents")[1]["incidents"] == []
        write_log(tmp_path, 3)
        assert len(answer(address, "/api/incidents")[1]["incidents"]) == 3
        for ending in ("", "-wal", "-shm"):
            (tmp_path / f"{LOG_FILE}{ending}").unlink(missing_ok=True)
        write_log(tmp_path, 5)
        assert len(answer(address, "/api/incidents")[1]["incidents"]) == 5


def test_a_damaged_log_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / LOG_FILE).write_bytes(b"no log at all, " * 500)
    with served(tmp_path) as address:
        status, said = answer(address, "/api/incidents")
    assert status == 503 and "cannot be read" in said["error"]


def test_a_row_that_no_recorder_wrote_is_an_error_in_words(tmp_path: Path) -> None:
    path = write_log(tmp_path, 3)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE incidents SET worst_score='<b>'")
        db.execute("UPDATE verdicts SET defects='['")
    with served(tmp_path) as address:
        for asked in ("/api/incidents", "/api/frames", f"/api/incidents/belt/{RUN}/0"):
            status, said = answer(address, asked)
            assert status == 503 and "cannot be read" in said["error"], asked


def test_a_question_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching_pool, "ANSWER_S", -1.0)  # every question does
    monkeypatch.setattr(searching_pool, "LOOK_EVERY", 1)
    write_log(tmp_path, 50)
    with served(tmp_path) as address:
        status, said = answer(address, "/api/incidents")
    assert status == 503 and "ask for less" in said["error"]


def test_many_who_ask_at_once_are_all_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching_pool, "ANSWER_S", 60.0)  # on a slow machine each of them takes long
    write_log(tmp_path, 200)
    with served(tmp_path) as address:
        found: list[int] = []
        asking = [
            threading.Thread(target=lambda: found.append(answer(address, "/api/incidents?limit=200")[0]))
            for _ in range(20)
        ]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
    assert found == [200] * 20


def test_words_from_a_log_are_given_as_they_are(tmp_path: Path) -> None:
    path = write_log(tmp_path, 3)
    nasty = "<script>'\"\x00\u202e&amp;"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE incidents SET part=?, comment=?", (nasty, nasty))
    with served(tmp_path) as address:
        status, said, headers = ask(address, "/api/incidents")
    assert status == 200 and json.loads(said)["incidents"][0]["comment"] == nasty
    assert headers["Content-Type"].startswith("application/json") and headers["X-Content-Type-Options"] == "nosniff"


def test_an_incident_says_all_that_belongs_to_it(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    with served(tmp_path) as address:
        one = answer(address, f"/api/incidents/belt/{RUN}/51?camera=belt")[1]
        assert one["incident"]["first_seq"] == 50 and len(one["frames"]) == 4
        assert (one["newer"]["seq"], one["older"]["seq"]) == (100, 0)
        assert [review["boxes"] for review in answer(address, f"/api/incidents/belt/{RUN}/0")[1]["reviews"]] == [
            [[1, 2, 3, 4]]
        ]
        assert answer(address, f"/api/incidents/belt/{RUN}/45")[0] == 404


def test_the_outcomes_of_a_run_are_counted_where_that_is_asked_for(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    with served(tmp_path) as address:
        assert [run["outcomes"] for run in answer(address, "/api/runs")[1]["runs"]] == [None] * 3
        counted = answer(address, "/api/runs?camera=belt&outcomes=1")[1]["runs"]
    assert [run["outcomes"] for run in counted] == [{"GOOD": 90, "dropped:newest": 10}]


# --- what is ready, pure ---------------------------------------------------------------------------------------------


def view(state: str, alarms: tuple[CameraAlarm, ...] = ()) -> CameraView:
    return CameraView("belt", state, "why", 1000.0, 25.0, 0, 0, 9, 9, 0, 0, {}, False, 0, alarms)


def status_of(
    camera: str = "running", inspector: str = "running", engine: str = "e", records: bool = True
) -> PageStatus:
    roles = (RoleStatus("capture belt", "running", 0, ""), RoleStatus("inspect 1", inspector, 0, "dies"))
    counts = PageCounts(0, 0, 0, 0)
    return PageStatus("l", "s", engine, "b", None, None, ("a",), (view(camera),), roles, counts, records=records)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (status_of(), ""),
        (status_of(camera="ended"), ""),
        (status_of(camera="waiting"), ""),
        (status_of(camera="retrying"), "camera belt: retrying. why"),
        (status_of(camera="silent"), "camera belt: silent. why"),
        (status_of(camera="starting"), "camera belt: starting. why"),
        (status_of(inspector="backing off"), "no inspector runs: inspect 1 backing off dies"),
        (status_of(engine=""), "no inspector has come up yet"),
        (status_of(records=False), "the recorder is not heard, or its disk takes nothing; see the alarms"),
    ],
)
def test_a_line_is_ready_when_all_of_it_works(status: PageStatus, said: str) -> None:
    assert "; ".join(missing(status)) == said


def test_alarms_are_those_of_the_line_and_of_its_cameras() -> None:
    status = PageStatus(
        "l",
        "s",
        "",
        "",
        None,
        None,
        ("a", "a"),
        (view("running", (CameraAlarm("BLACK", "b"),)),),
        (),
        PageCounts(0, 0, 0, 0),
    )
    assert alarms_in(status) == ("a", "belt: b")


def test_a_page_that_nobody_feeds_is_alive_and_not_ready(tmp_path: Path) -> None:
    with served(tmp_path) as address:
        assert ask(address, "/live")[0] == 200
        status, said = answer(address, "/ready")
    assert status == 503 and not said["ready"] and any("belt" in reason for reason in said["reasons"])
