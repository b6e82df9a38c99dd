"""Exports and the proposal by the page's calls: over real sockets, from real logs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line import rows, running, wait_for, write_line
from tests.page_requests import ask
from tests.reviewed_log import ReviewedLog
from tests.searched_log import write_log
from tests.test_api import answer, served

MANY = 1203  # incidents: more than two pages of the list


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A line that runs beside a log that is full already, and its data_dir."""
    folder = tmp_path_factory.mktemp("line")
    file = write_line(folder, "numbered:?size=320x240&fps=10&bad=0")
    data_dir = folder / "data"
    write_log(data_dir, MANY, per=1)
    log = ReviewedLog(data_dir)
    log.bad(0, "defect", boxes=[(10, 20, 40, 60)])
    log.bad(100, "false_alarm", comment="=1+1")
    log.write()
    with running(file) as started:
        page = wait_for(lambda: [w for w in started.said().split() if w.startswith("http://")], "the page")[0]
        page = str(page).rstrip("/")
        wait_for(lambda: ask(page, "/ready")[0] == 200, "the line to be ready")
        yield page, data_dir
        started.process.terminate()
        started.summary()


def test_a_csv_of_a_filter_is_what_the_list_shows_and_is_on_record(address: tuple[str, Path]) -> None:
    page, data_dir = address
    status, said, headers = ask(page, "/api/export?format=csv&review=false_alarm&bundle=codes-1&since=2025-01-01")
    assert status == 200
    assert 'filename="incidents.csv"' in str(headers)
    (row,) = csv.DictReader(said.decode("utf-8-sig").splitlines())
    assert (row["camera"], row["first_seq"], row["review"], row["truth"]) == ("belt", "100", "false_alarm", "GOOD")
    assert row["comment"] == "'=1+1"
    assert float(row["length_mm"]) == pytest.approx(28.3 * 0.05)
    ((kind, subject, new),) = rows(data_dir, "SELECT kind, subject, new FROM acts WHERE kind='export'")
    assert (kind, subject) == ("export", "csv")
    assert "review=false_alarm" in new


def test_all_that_the_filter_finds_is_sent_page_by_page(address: tuple[str, Path]) -> None:
    page, _ = address
    status, said, _ = ask(page, "/api/export?format=csv&until=2025-01-01")
    found = list(csv.DictReader(said.decode("utf-8-sig").splitlines()))
    assert (status, len(found)) == (200, MANY)
    assert [row["utc_ns"] for row in found] == sorted((row["utc_ns"] for row in found), reverse=True)


def test_a_coco_document_has_marks_and_pictures(address: tuple[str, Path]) -> None:
    page, data_dir = address
    status, said, _ = ask(page, "/api/export?format=coco&since=2025-01-01")
    assert status == 200
    made = json.loads(said)
    assert [(image["truth"], (data_dir / image["file_name"]).is_file()) for image in made["images"]] == [
        ("GOOD", True),
        ("BAD", True),
    ]
    assert [one["bbox"] for one in made["annotations"]] == [[10, 20, 30, 40]]


def test_what_is_no_question_is_refused_before_anything_is_sent(address: tuple[str, Path]) -> None:
    page, _ = address
    for words in ("format=xlsx", "since=yesterday", "after=!", "score_min=2"):
        status, said, _ = ask(page, f"/api/export?{words}")
        assert (status, "error" in json.loads(said)) == (400, True)


def test_the_proposal_of_each_camera_is_told(tmp_path: Path) -> None:
    log = ReviewedLog(tmp_path)
    log.bad(0, "defect")
    log.good(500, "clean")
    with served(log.write()) as page:
        status, said = answer(page, "/api/proposal?escapes=5")
        (found,) = said["proposals"]
        assert (status, found["camera"], found["proposal"]["in_force"]) == (200, "belt", 0.5)
        assert found["proposal"]["wanted_per_1000"] == 5
        assert answer(page, "/api/proposal?escapes=0")[0] == 400
    with served(tmp_path / "none") as page:
        assert "no log yet" in answer(page, "/api/proposal")[1]["note"]
