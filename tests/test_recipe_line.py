"""Another recipe under a running line, which loses no frame over it."""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stream import recipe_command
from stream.asking import ask
from stream.chosen_recipe import history, in_force, read_choice
from stream.configuration import read_line
from stream.doctor.command import examine
from stream.learnt import Learnt, control_key, write_learnt
from stream.messages import Answer
from stream.places import places_for
from stream.recipes import NONE, laid_over
from stream.settings import LineSettings, settings_id
from tests.bundles import WRONG, tiny_variant
from tests.line import RunningLine, intervals, rows, running, wait_for, write_line
from tests.needs import need
from tests.sabotage import spoilt_python
from tests.sites import PATIENT

RECIPES = """recipe_file: wanted.txt
recipes:
  lid:
    bundle: {second}
    min_area_px: 1
    cameras:
      belt:
        deadline_ms: 900
        regions:
          left: {{box: [0, 0, 160, 240]}}
          right: {{box: [160, 0, 320, 240]}}
  broken:
    bundle: {wrong}
"""


@dataclass
class Told:
    """What came of a line whose recipe was changed while it ran."""

    line: LineSettings
    answers: list[Answer] = field(default_factory=list)
    alarms: tuple[str, ...] = ()
    doctor: dict[str, str] = field(default_factory=dict)  # what it found while the line ran, by complaint
    summary: dict[str, Any] = field(default_factory=dict)
    said: str = ""

    def judged(self) -> list[tuple[int, str, str, str]]:
        """Each frame's seq, bundle, settings and recipe, in order: every one is BAD, and has a row."""
        return rows(
            self.line.data_dir,
            "SELECT seq, bundle, settings, coalesce(recipe, '') FROM verdicts LEFT JOIN recipes USING (settings)"
            " ORDER BY seq",
        )


def all_bad(file: Path) -> None:
    """Every frame is BAD, so that each has a row; nobody looks at the page."""
    text = file.read_text().replace("  engine:", "  classifier_threshold: 0\n  engine:")
    file.write_text(text.replace("  port: 0", "  enabled: false"))


def goes_on(line: RunningLine, recipe: str) -> None:
    """Waits for a few verdicts by that recipe."""
    query = f"SELECT count(*) FROM verdicts LEFT JOIN recipes USING (settings) WHERE coalesce(recipe, '') = '{recipe}'"
    before = (rows(line.data_dir, query) or [(0,)])[0][0]
    wait_for(lambda: (rows(line.data_dir, query) or [(0,)])[0][0] > before + 5, f"verdicts by the recipe {recipe!r}")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """From none to lid, then one that refuses, then back to none by a file, which then names nonsense."""
    folder = tmp_path_factory.mktemp("recipes")
    more = RECIPES.format(second=tiny_variant(folder, "second"), wrong=tiny_variant(folder, "wrong", WRONG))
    file = write_line(folder, "synthetic:?fps=25&size=320x240", PATIENT + more, "policy: every")
    all_bad(file)
    told = Told(read_line(file))
    # Slower than the camera: at each change frames wait.
    with running(file, python=spoilt_python(folder, "slow_judging")) as line:
        goes_on(line, "")
        told.doctor = examined(told.line)
        told.answers.append(recipe_command.change(told.line, "lid"))
        goes_on(line, "lid")
        told.answers.append(recipe_command.change(told.line, "broken"))
        goes_on(line, "lid")
        (folder / "wanted.txt").write_text("none\n")
        goes_on(line, "")
        (folder / "wanted.txt").write_text("hinge\n")
        told.alarms = wait_for(lambda: [said for said in house_of(told.line).alarms if "hinge" in said], "an alarm")
        goes_on(line, "")
        assert ask(places_for(told.line.data_dir), "stop") is not None
        told.summary, told.said = line.summary(), line.said()
    yield told


def examined(line: LineSettings) -> dict[str, str]:
    """What the doctor says of a line that runs, and which camera it opened."""
    opened: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream.doctor.trial.open_source", lambda camera, _: opened.append(camera.name))
        checked, found = examine(line)
    words = {one.complaint: one.found for one in found} | {finding.path: finding.text for finding in checked}
    return words | ({"opened": ", ".join(opened)} if opened else {})


def house_of(line: LineSettings) -> Any:
    answer = ask(places_for(line.data_dir), "status")
    assert answer is not None and answer.house is not None
    return answer.house


def test_a_running_line_takes_other_recipes_and_loses_no_frame(told: Told) -> None:
    camera = told.summary["cameras"]["belt"]
    assert [answer.ok for answer in told.answers] == [True, False], (told.answers, told.said)
    assert camera["ledger_closed"] and (camera["unknown"], camera["dropped"], len(camera["runs"])) == (0, {}, 1)
    assert {i.outcome for i in intervals(told.line.data_dir)} == {"BAD"}, told.said
    assert [seq for seq, *_ in told.judged()] == list(range(camera["captured"]))


def test_each_verdict_names_a_recipe_that_was_in_force_and_is_judged_by_its_settings(told: Told) -> None:
    judged = told.judged()
    recipes = [recipe for *_, recipe in judged]
    changes = [now for now, before in zip(recipes, ["-", *recipes], strict=False) if now != before]
    assert changes == ["", "lid", ""], "one clean cut a change, and nothing by one that refuses"
    wanted = {}
    for name in ("", "lid"):
        line = laid_over(told.line, name)
        wanted[name] = settings_id(line.inspector, line.camera("belt"), line.recipe)
    assert {(recipe, settings) for _, _, settings, recipe in judged} == set(wanted.items())
    assert {(recipe, bundle.partition("@")[0]) for _, bundle, _, recipe in judged} == {("", "tiny"), ("lid", "second")}


def test_one_that_cannot_judge_leaves_the_old_in_force_and_says_why(told: Told) -> None:
    said = told.answers[1].text
    assert "recipe broken does not judge: inspect " in said and "recipe lid goes on" in said
    assert "golden/good_2.png" in said


def test_a_file_that_names_no_recipe_is_an_alarm_and_changes_nothing(told: Told) -> None:
    (alarm,) = told.alarms
    assert "wanted.txt wants the recipe hinge: no recipe of that name" in alarm and "lid, broken, none" in alarm


def test_the_choice_is_on_record_and_survives_the_line(told: Told) -> None:
    choices = history(told.line.data_dir)
    assert [(c.before, c.recipe) for c in choices] == [("", "lid"), ("lid", "")]
    assert choices[0].who and "wanted.txt" in choices[1].who
    assert read_choice(told.line.data_dir) == choices[1]
    assert in_force(told.line) == ""
    asked = rows(told.line.data_dir, "SELECT text FROM events WHERE kind='control' AND text LIKE 'recipe%' ORDER BY id")
    wished = [text.partition(" asked by ")[0] for (text,) in asked]
    assert wished == ["recipe lid", "recipe broken", "recipe none", "recipe hinge"]
    kinds = rows(told.line.data_dir, "SELECT kind FROM events WHERE kind IN ('recipe', 'restart')")
    assert kinds == [("recipe",)] * 3, "two changes and a refusal, and nobody died"
    acts = rows(told.line.data_dir, "SELECT who, old, new FROM acts WHERE kind='recipe' ORDER BY number")
    chosen = [(one.who[:64], one.before or NONE, one.recipe or NONE) for one in history(told.line.data_dir)]
    assert len(chosen) > 1 and acts == chosen


def test_the_doctor_asks_a_line_that_runs_and_leaves_its_camera_alone(told: Told) -> None:
    assert "it was asked" in told.doctor["line-runs"]
    tried = {"opened", "camera-sees", "camera-does-not-open", "disk-slow", "disk-slow-commit", "memory-bandwidth"}
    assert not (tried | {"judging-speed", "judging-too-slow", "cpu-busy", "display.port"}) & set(told.doctor), (
        told.doctor
    )
    assert "recipes.broken.bundle" in told.doctor, "what `check` says of its recipes, it says"


def test_what_is_in_force_is_told_and_chosen_also_when_no_line_runs(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(told.line.data_dir.parent / "line.yaml")
    parser = argparse.ArgumentParser()
    recipe_command.add_arguments(parser)

    def recipe(*words: str) -> int:
        return recipe_command.run(parser.parse_args([file, *words]))

    assert recipe() == 0
    assert "no recipe is in force; the recipes of this line: lid, broken" in capsys.readouterr().out
    assert recipe("hinge") == 2
    assert "no recipe of that name, got hinge" in capsys.readouterr().err
    assert recipe("lid") == 0
    assert "recipe lid is in force when the line starts" in capsys.readouterr().out
    assert recipe("--history") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert in_force(told.line) == "lid"


SENSOR = """recipe: small
recipes:
  small: {cameras: {belt: {control: {roi: [0, 0, 320, 240]}}}}
  large: {cameras: {belt: {control: {roi: [0, 0, 640, 480], exposure_us: 2000}}}}
"""


def test_a_camera_that_is_set_otherwise_ends_in_order_and_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(importlib.util.find_spec("pypylon"), "pypylon is not installed: make setup-cameras")
    monkeypatch.setenv("PYLON_CAMEMU", "1")
    file = write_line(tmp_path, "basler:0815-0000", PATIENT + SENSOR, "policy: every\nfps: 20")
    all_bad(file)
    settings = read_line(file)
    small = control_key(laid_over(settings, "small").camera("belt").control)
    write_learnt(settings.data_dir, Learnt("belt", "now", 60, 320, 240, control=small))
    with running(file) as line:
        goes_on(line, "small")
        assert recipe_command.change(settings, "large").ok
        wait_for(lambda: len(rows(line.data_dir, "SELECT DISTINCT run FROM verdicts")) == 2, "a run with the new size")
        assert {role.role: role.restarts for role in house_of(settings).roles}["capture belt"] == 0
        assert ask(places_for(line.data_dir), "stop") is not None
        camera = line.summary()["cameras"]["belt"]
    assert camera["ledger_closed"] and camera["dropped"] == {} and len(camera["runs"]) == 2, line.said()
    assert camera["unknown"] == 0, "the size that was learnt is not that of the other recipe"
    ((health,),) = rows(line.data_dir, "SELECT text FROM events WHERE kind = 'health'")
    assert health.startswith("NOT CALIBRATED: Of this camera, nothing was learnt for recipe large")
    found = rows(line.data_dir, "SELECT run, evidence FROM verdicts WHERE evidence IS NOT NULL ORDER BY run")
    sizes = {run: json.loads((line.data_dir / at / "evidence.json").read_text())["width"] for run, at in found}
    assert list(sizes.values()) == [320, 640]
    events = rows(line.data_dir, "SELECT kind, text FROM events WHERE kind IN ('recipe', 'restart') ORDER BY id")
    assert [text.split(",")[0] for _, text in events] == ["recipe large judges now", "camera belt is opened again"]
