"""What is done beside the page is on record by itself: settings, bundles, promotions and recipes; each once."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from stream import chosen_recipe, promotions
from stream.bookkeeping import Bookkeeping
from stream.chosen_recipe import Choice
from stream.configuration import dump_line
from stream.deed_desk import DeedDesk
from stream.deeds import settings_acts
from stream.defect_log import DefectLog
from stream.durable import append_line
from stream.live_bundle import bundles_folder
from stream.promotions import Entry
from stream.settings import CameraSettings, LineSettings
from tests.line import rows

ACTS = "SELECT who, role, kind, subject, old, new FROM acts ORDER BY number"
PROMOTED = Entry(
    "2026-11-22T10:00:00+00:00", "promoted", "codes@b2", "codes@a1", "codes@b2", "line", "Ada", "fewer escapes"
)
CHOSEN = Choice("lid", "", "", "", "Ada", "2026-11-22T10:00:00+00:00")


def settings(**changes: object) -> str:
    camera = CameraSettings("belt", "rtsp://user:***@camera/1", username="ada", password_file="secret.txt")  # type: ignore[arg-type]
    line = LineSettings((camera,), Path("data"))
    return dump_line(replace(line, **changes))  # type: ignore[arg-type]


def changed(before: str, after: str) -> list[tuple[str, str, str]]:
    return [(act.subject, act.old, act.new) for act in settings_acts("s", 5, "ada", before, after)]


def test_equal_settings_are_no_act() -> None:
    assert changed(settings(), settings()) == []


def test_each_setting_that_changed_is_an_act_with_its_path() -> None:
    line = json.loads(settings())
    line["inspector"]["classifier_threshold"] = 0.75
    line["cameras"][0]["deadline_ms"] = None
    line["cameras"][0]["regions"] = [{"name": "code", "box": [1, 2, 3, 4]}]
    assert changed(settings(), json.dumps(line)) == [
        ("cameras.belt.deadline_ms", json.dumps(json.loads(settings())["cameras"][0]["deadline_ms"]), ""),
        ("cameras.belt.regions", "[]", ""),
        ("cameras.belt.regions.code.box", "", "[1, 2, 3, 4]"),
        ("inspector.classifier_threshold", "", "0.75"),
    ]


def test_no_secret_is_in_an_act() -> None:
    line = json.loads(settings())
    line["cameras"][0]["password_file"] = "/hunter2/of/ada"
    line["cameras"][0]["source"] = "rtsp://ada:hunter2@camera/2"
    said = changed(settings(), json.dumps(line))
    assert [path for path, _, _ in said] == ["cameras.belt.password_file", "cameras.belt.source"]
    assert "hunter2" not in str(said)


def test_a_start_compares_with_the_one_before_once(tmp_path: Path) -> None:
    other = settings(name="another")
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("a", 1, "line", settings())
        assert rows(tmp_path, ACTS) == []
        for session in ("b", "b", "c"):
            log.begin_session(session, 2, "line", other, "ada")
    assert rows(tmp_path, ACTS) == [("ada", "system", "setting", "name", '"line"', '"another"')]
    found = rows(tmp_path, "SELECT number, verdicts, acts FROM chain")
    assert found == [(1, 0, 0), (2, 0, 1), (3, 0, 0)], "each start is held, one of them with an act"


def test_settings_of_an_older_version_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        log.begin_session("a", 1, "line", "no JSON")
        log.begin_session("b", 1, "line", settings())
    assert rows(tmp_path, ACTS) == []


@pytest.mark.parametrize(
    ("promoted", "who"),
    [
        (None, ("line", "system", "bundle", "inspector.bundle")),
        (PROMOTED, ("Ada", "engineer", "bundle", "inspector.bundle: fewer escapes")),
    ],
    ids=["nobody promoted it", "promoted"],
)
def test_another_bundle_is_an_act(tmp_path: Path, promoted: Entry | None, who: tuple[str, ...]) -> None:
    with contextlib.closing(DefectLog(tmp_path)) as log:
        for session, bundle in (("a", "codes@a1"), ("b", "codes@a1"), ("b", "codes@b2"), ("c", "codes@b2")):
            log.begin_session(session, 1, "line", settings())
            log.note_engine(session, "onnxruntime", bundle, promoted)
    assert rows(tmp_path, ACTS) == [(*who, "codes@a1", "codes@b2")]


def test_promotions_and_recipes_are_acts_once_however_often_they_are_read(tmp_path: Path) -> None:
    bundles_folder(tmp_path).mkdir()
    promotions.record(bundles_folder(tmp_path), PROMOTED)
    chosen_recipe.keep_choice(tmp_path, CHOSEN)
    append_line(tmp_path / chosen_recipe.RECORD, b"half a li")
    with contextlib.closing(DefectLog(tmp_path)) as log:
        for start in range(3):
            books = Bookkeeping("s", f"recorder {start}", 3, lambda camera, run: None)
            desk = DeedDesk(tmp_path, books)
            desk.step(0.0)
            desk.step(100.0)
            log.write(books.take().batch)
    assert rows(tmp_path, ACTS) == [
        ("Ada", "engineer", "promote", "promoted codes@b2: fewer escapes", "codes@a1", "codes@b2"),
        ("Ada", "engineer", "recipe", "recipe", "none", "lid"),
    ]
    assert len(rows(tmp_path, "SELECT * FROM chain")) == 1
