"""The API of a line that runs: its own document, fired at by schemathesis; each call in its own right."""

from __future__ import annotations

import importlib.util
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.browser import browser
from tests.line import running, wait_for, write_line
from tests.needs import need
from tests.page_requests import ask, dial

JSON = {"Content_Type": "application/json"}
RECIPES = "recipes:\n  lid:\n    classifier_threshold: 0.6\n"
TOLD = "parts: {told_by: control}"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,unsupported_method,allow_header_conformance"
)
ENDLESS = ("/api/live", "/mjpeg/{camera}")
# By itself it does not count as refused what is refused for its size.
REFUSED = (
    "[checks.negative_data_rejection]\nexpected-statuses = [400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 503]\n"
)
OTHERWISE = ("/api/recipe",)  # each takes seconds: it is asked for below


def answer(address: str, path: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    status, said, _ = ask(address, path, method, content, **({} if content is None else JSON), **headers)
    return status, json.loads(said)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a line with incidents, and more to come by chance."""
    folder = tmp_path_factory.mktemp("line")
    with running(write_line(folder, "numbered:?size=320x240&fps=10&bad=0.1", RECIPES, TOLD)) as started:
        address = wait_for(lambda: [w for w in started.said().split() if w.startswith("http://")], "the page")[0]
        address = str(address).rstrip("/")
        wait_for(lambda: ask(address, "/ready")[0] == 200, "the line to be ready")
        wait_for(lambda: len(answer(address, "/api/incidents?limit=2")[1]["incidents"]) == 2, "two incidents")
        yield address
        started.process.send_signal(signal.SIGTERM)
        started.summary()


def one_that_is_over(address: str) -> dict[str, Any]:
    """The newest but one: none of its frames can become its worst any more."""
    return dict(answer(address, "/api/incidents?limit=2")[1]["incidents"][1])


def place_of(incident: dict[str, Any]) -> str:
    return f"/api/incidents/{incident['camera']}/{incident['run']}/{incident['worst_seq']}"


def test_schemathesis_finds_nothing_amiss_with_the_apis_own_document(line: str, tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("schemathesis knows no Python 3.10")
    need(importlib.util.find_spec("schemathesis"), "schemathesis is not installed: see requirements-dev.txt")
    (tmp_path / "schemathesis.toml").write_text(REFUSED)
    left_out = [word for path in (*ENDLESS, *OTHERWISE) for word in ("--exclude-path", path)]
    fired = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{line}/api/openapi.json", "--checks", CHECKS),
            *("--phases", "coverage,fuzzing", "--max-examples", "2", "--seed", "1", "--no-color", "--workers", "1"),
            *("--continue-on-failure", "--generation-database", "none", "--request-timeout", "60", *left_out),
        ],
        cwd=tmp_path,  # where it finds its settings, and keeps what it found
        capture_output=True,
        text=True,
    )
    assert " generated" in fired.stdout, fired.stdout[-8000:] + fired.stderr[-2000:]
    assert fired.returncode == 0, fired.stdout[-8000:] + fired.stderr[-2000:]


def test_the_page_of_the_api_lists_every_call(line: str, tmp_path: Path) -> None:
    paths = answer(line, "/api/openapi.json")[1]["paths"]
    with browser(tmp_path) as chromium:
        page = chromium.open(f"{line}/api", width=360)
        page.until(f"document.querySelectorAll('.call').length === {sum(len(calls) for calls in paths.values())}")
        page.evaluate("document.querySelectorAll('.call').forEach((call) => { call.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no scrolling sideways on a phone"
        assert "score_min" in page.text("#calls") and "worst_score" in page.text("#calls")


def test_a_review_and_a_pin_are_on_record_under_the_visitors_name(line: str) -> None:
    incident = one_that_is_over(line)
    said = {"verdict": "false_alarm", "comment": "only <b>dust</b> 'OR' 1=1; --"}
    assert answer(line, f"{place_of(incident)}/review", "POST", said, X_Linewatch_Name="ann")[0] == 200
    assert answer(line, f"{place_of(incident)}/pin", "POST", {"pinned": True}, X_Linewatch_Name="bob")[0] == 200
    status, one = answer(line, place_of(incident))
    assert status == 200 and one["incident"]["review"] == "false_alarm" and one["incident"]["pinned"] is True
    assert [(r["who"], r["comment"]) for r in one["reviews"]] == [("ann", said["comment"])]
    assert one["evidence"]["seq"] == incident["worst_seq"]
    acts = answer(line, "/api/acts?limit=500")[1]["acts"]
    assert {("ann", "review"), ("bob", "pin")} <= {(act["who"], act["kind"]) for act in acts}
    found = answer(line, "/api/incidents?pinned=1&review=false_alarm")[1]["incidents"]
    assert incident["first_seq"] in [row["first_seq"] for row in found]


def test_a_box_outside_of_the_picture_is_refused_with_the_pictures_size(line: str) -> None:
    said = {"verdict": "defect", "boxes": [[10, 10, 321, 20]]}
    status, words = answer(line, f"{place_of(one_that_is_over(line))}/review", "POST", said)
    assert status == 400 and "[10, 10, 321, 20] reaches out of the picture of 320 x 240 px" in words["error"]


def test_a_recipe_is_chosen_by_the_call_and_by_whom_is_on_record(line: str) -> None:
    assert answer(line, "/api/recipe", "POST", {"recipe": "none-such"})[0] == 409
    assert answer(line, "/api/recipe", "POST", {"recipe": "lid"}, X_Linewatch_Name="eve")[0] == 200
    wait_for(lambda: answer(line, "/api/status")[1]["recipe"] == "lid", "the recipe")
    told = wait_for(lambda: answer(line, "/api/events?kind=control")[1]["events"], "the event")
    assert any("recipe lid asked by eve (engineer), http" in event["text"] for event in told)


# What no page sends, and the status it is met with. Bodies are sent as they stand.
HOSTILE: dict[str, tuple[str, str, bytes | None, int]] = {
    "an unknown word": ("GET", "/api/incidents?camra=belt", None, 400),
    "a word twice": ("GET", "/api/incidents?camera=belt&camera=lid", None, 400),
    "a wrong type": ("GET", "/api/incidents?limit=many", None, 400),
    "too many rows": ("GET", "/api/incidents?limit=501", None, 400),
    "no number": ("GET", "/api/incidents?score_min=nan", None, 400),
    "a huge number": ("GET", f"/api/frames?run={10**40}", None, 400),
    "a cursor of another list": ("GET", "/api/incidents?after=WzIwXQ", None, 400),
    "a cursor of nested brackets": ("GET", "/api/incidents?after=" + "W1tb" * 60, None, 400),
    "a huge cursor": ("GET", "/api/incidents?after=" + "A" * 3000, None, 400),
    "a time that is none": ("GET", "/api/incidents?since=2026-13-45", None, 400),
    "NUL in a word": ("GET", "/api/incidents?part=%00", None, 200),
    "quotes in a word": ("GET", "/api/incidents?part=%27%22%3B--", None, 200),
    "HTML in a camera": ("GET", "/api/incidents?camera=%3Cb%3E", None, 400),
    "bytes that are no text": ("GET", "/api/incidents?part=%ff%fe", None, 200),
    "a frame of another camera": ("GET", "/api/incidents/nobody/1/2", None, 404),
    "a frame that is none": ("GET", "/api/incidents/..%2f..%2f/1/2", None, 404),
    "a frame of huge numbers": ("GET", f"/api/incidents/belt/{9**60}/{9**60}", None, 404),
    "Arabic digits": ("GET", "/api/incidents/belt/%D9%A1/%D9%A2", None, 404),
    "a body that is no JSON": ("POST", "/api/incidents/belt/1/2/review", b"{", 400),
    "a body that is no text": ("POST", "/api/incidents/belt/1/2/review", b'{"verdict":"\xff\xfe"}', 400),
    "deep JSON": ("POST", "/api/incidents/belt/1/2/review", b"[" * 30_000, 400),
    "a lone surrogate": (
        *("POST", "/api/incidents/belt/1/2/review", rb'{"verdict":"defect","comment":"\ud800"}'),
        400,
    ),
    "a verdict that is none": ("POST", "/api/incidents/belt/1/2/review", b'{"verdict":"perhaps"}', 400),
    "a verdict of samples": ("POST", "/api/incidents/belt/1/2/review", b'{"verdict":"clean"}', 400),
    "a box inside out": ("POST", "/api/samples/belt/1/2/review", b'{"verdict":"missed","boxes":[[9,9,1,1]]}', 400),
    "too many boxes": (
        *("POST", "/api/samples/belt/1/2/review"),
        json.dumps({"verdict": "missed", "boxes": [[1, 1, 9, 9]] * 65}).encode(),
        400,
    ),
    "a giant comment": ("POST", "/api/incidents/belt/1/2/review", b'{"comment":"' + b"x" * 70_000 + b'"}', 413),
    "a giant pin": ("POST", "/api/incidents/belt/1/2/pin", b'{"pinned":' + b" " * 5000 + b"true}", 413),
    "a pin that is no bool": ("POST", "/api/incidents/belt/1/2/pin", b'{"pinned":1}', 400),
    "a recipe with a path": ("POST", "/api/recipe", b'{"recipe":"../lid"}', 400),
    "a call that is none": ("GET", "/api/nope", None, 404),
    "a method that is none": ("DELETE", "/api/incidents", None, 405),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_page_sends_is_met_with_words(
    line: str, method: str, path: str, body: bytes | None, status: int
) -> None:
    got, said = answer(line, path, method, body)
    assert got == status, said
    assert status == 200 or said["error"], "words, not a bare number"


def test_a_body_of_another_type_is_refused(line: str) -> None:
    """A form of another site can send it: without a question of the browser beforehand."""
    status, said, _ = ask(line, "/api/incidents/belt/1/2/pin", "POST", b'{"pinned":true}', Content_Type="text/plain")
    assert status == 415 and b"application/json" in said


def test_an_incident_that_is_not_there_cannot_be_reviewed(line: str) -> None:
    status, said = answer(line, "/api/incidents/belt/1/2/review", "POST", {"verdict": "defect"})
    assert status == 409 and said["error"]


# --- events ----------------------------------------------------------------------------------------------------------


class Ear:
    """A listener, over a bare connection."""

    def __init__(self, address: str, last_id: str = "") -> None:
        self.socket = dial(address)
        last = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self.socket.sendall(f"GET /api/live HTTP/1.1\r\nHost: localhost\r\n{last}\r\n".encode())
        self._lines = self.socket.makefile("rb")

    def events(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Kind, id and what is told."""
        kind = number = ""
        for line in self._lines:
            word, _, value = line.decode().rstrip("\r\n").partition(": ")
            if word == "event":
                kind = value
            elif word == "id":
                number = value
            elif word == "data":
                yield kind, number, json.loads(value)

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


def test_events_tell_each_verdict_the_status_and_incidents(line: str) -> None:
    heard: set[str] = set()
    last: dict[int, int] = {}
    with closing(Ear(line)) as ear:
        for kind, _, told in ear.events():
            heard.add(kind)
            if kind == "verdict":
                run, seq = told["run"], told["seq"]
                assert run not in last or seq == last[run] + 1 + told["skipped"], "every frame, or counted"
                last[run] = seq
            if {"verdict", "status", "incident"} <= heard:
                return


def test_who_comes_back_hears_what_was_missed(line: str) -> None:
    with closing(Ear(line)) as ear:
        verdicts = ((number, told) for kind, number, told in ear.events() if kind == "verdict")
        last_id, before = next(verdicts)
        for _ in range(3):
            next(verdicts)  # what is missed by the one that comes back
    with closing(Ear(line, last_id)) as ear:
        _, _, told = next(event for event in ear.events() if event[0] == "verdict")
    assert (told["run"], told["seq"] - told["skipped"]) == (before["run"], before["seq"] + 1)


def test_who_comes_back_from_another_life_of_the_page_is_told_so(line: str) -> None:
    with closing(Ear(line, "abc-7")) as ear:
        assert next(ear.events())[0] == "missed"


def test_a_listener_that_is_stuck_changes_nothing(line: str) -> None:
    """It asks for events and never reads: the line goes on, and so do the others' events."""
    with closing(dial(line)) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stuck.sendall(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        before = answer(line, "/api/status")[1]["cameras"][0]
        with closing(Ear(line)) as ear:
            heard = (told for kind, _, told in ear.events() if kind == "verdict")
            first, *_, last = (next(heard) for _ in range(30))
        after = answer(line, "/api/status")[1]["cameras"][0]
    assert after["captured"] > before["captured"] and (last["run"], last["seq"]) > (first["run"], first["seq"])
