"""What a recipe changes of a line, what it may say, and which one a line begins with."""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from detector.regions import Region
from detector.verdict import Box
from stream import recipe_command
from stream.check import problems_of
from stream.chosen_recipe import (
    POINTER,
    RECORD,
    ChoiceError,
    choice_of,
    history,
    in_force,
    keep_choice,
    read_choice,
    with_recipe,
)
from stream.configuration import ConfigurationError, dump_line, parse_line, read_line
from stream.recipe_desk import RecipeDesk, Wish
from stream.recipes import RecipeError, laid_over, recipe_of, retuned, wheres_of
from stream.replay import _line
from stream.settings import LineSettings, RecipeCameraSettings, RecipeSettings, settings_id
from stream.watched_file import LOOK_EVERY_S, SILENT_S, Said, WatchedFile, read_now
from tests.line import wait_for, write_line

LEFT = Region("left", box=Box(0, 0, 100, 100))
RECIPES = """recipe: lid
recipe_file: wanted.txt
recipes:
  lid:
    bundle: lid-bundle
    classifier_threshold: 0.25
    min_area_px: 0
    cameras: {belt: {region: [0, 0, 64, 64], deadline_ms: 500}}
  housing:
    cameras: {belt: {regions: {left: {box: [0, 0, 100, 100]}}}}
  plain: {}
"""


@pytest.fixture
def line(tmp_path: Path) -> LineSettings:
    return read_line(write_line(tmp_path, "synthetic:", RECIPES, "region: [10, 10, 110, 110]\n"))


def test_a_recipe_is_laid_over_what_the_line_says(line: LineSettings, tmp_path: Path) -> None:
    lid = laid_over(line, "lid")
    assert (lid.inspector.bundle, lid.inspector.classifier_threshold) == (tmp_path / "lid-bundle", 0.25)
    assert lid.inspector.min_area_px == 0, "a nought is said, too"
    assert lid.inspector.engine == line.inspector.engine and lid.inspector.segmenter_threshold is None
    assert (lid.camera("belt").where, lid.camera("belt").deadline_ms) == (Box(0, 0, 64, 64), 500)
    housing = laid_over(line, "housing").camera("belt")
    assert (housing.region, housing.regions) == (None, (LEFT,)), "its regions take the place of the camera's region"
    assert laid_over(line, "plain").camera("belt") == laid_over(line, "none").camera("belt") == line.camera("belt")
    assert (lid.recipe, lid.recipes, lid.recipe_file) == ("lid", (), None), "nothing is left to choose"


def test_what_is_judged_is_known_for_each_recipe(line: LineSettings) -> None:
    base = Box(10, 10, 110, 110)
    assert wheres_of(line, "belt") == {"": base, "lid": Box(0, 0, 64, 64), "housing": (LEFT,), "plain": base}


def test_an_unknown_recipe_is_refused_with_those_that_there_are(line: LineSettings) -> None:
    assert recipe_of(line, "none") is None and recipe_of(line, "") is None
    with pytest.raises(RecipeError, match="got hinge; the recipes of this line are lid, housing, plain, none"):
        laid_over(line, "hinge")


def test_the_settings_id_tells_recipes_apart_also_where_they_say_the_same(line: LineSettings) -> None:
    ids = set()
    for name in ("none", "lid", "housing", "plain"):
        laid = laid_over(line, name)
        ids.add(settings_id(laid.inspector, laid.camera("belt"), laid.recipe))
    assert len(ids) == 4
    assert settings_id(line.inspector, line.camera("belt")) in ids, "without a recipe it is what it was before"


def test_a_line_with_recipes_travels_to_its_roles_whole(line: LineSettings) -> None:
    assert parse_line(dump_line(line)) == line
    assert parse_line(dump_line(laid_over(line, "housing"))) == laid_over(line, "housing")


def test_what_a_recipe_was_laid_over_keeps_its_name(line: LineSettings) -> None:
    lid = laid_over(line, "lid")
    assert laid_over(lid, "none") == lid and with_recipe(lid) == lid, "a replay, and an inspector that comes back"


def test_a_recipe_writes_into_an_industrial_camera_and_says_which_is_opened_again(tmp_path: Path) -> None:
    more = "recipes: {dark: {cameras: {belt: {control: {exposure_us: 900}}}}, plain: {min_area_px: 1}}\n"
    line = read_line(write_line(tmp_path, "basler:0815", more, "control: {exposure_us: 100, gain_db: 2}\n"))
    dark, plain = laid_over(line, "dark"), laid_over(line, "plain")
    assert (dark.camera("belt").control.exposure_us, dark.camera("belt").control.gain_db) == (900, 2)
    assert (retuned(plain, dark), retuned(line, plain)) == (("belt",), ())
    with pytest.raises(ConfigurationError, match="this source has nothing to set"):
        read_line(write_line(tmp_path, "synthetic:", more))


def test_a_replay_is_judged_by_the_recipe_that_is_named_else_by_the_one_in_force(
    line: LineSettings, tmp_path: Path
) -> None:
    choose(line, "housing")
    words = argparse.Namespace(config=tmp_path / "line.yaml", recording="x.mp4", camera=None, overrides=[])
    assert (_line(words).recipe, _line(words).recipes) == ("housing", ())
    words.overrides = ["recipe=lid"]
    assert _line(words).recipe == "lid" and _line(words).cameras[0].region == Box(0, 0, 64, 64)
    choose(line, "hinge")
    words.overrides = []
    with pytest.raises(ConfigurationError, match="no recipe of that name, got hinge"):
        _line(words)


MISTAKES = [
    ("an unknown recipe to begin with", "recipe: hinge", "no recipe of that name, got hinge"),
    ("a reserved name", "recipes: {none: {min_area_px: 1}}", "`none` stands for the line's own settings"),
    ("a name that is none", "recipes: {a b: {}}", "not a recipe's name"),
    ("an unknown setting", "recipes: {lid: {thresold: 1}}", "unknown setting"),
    ("a threshold out of range", "recipes: {lid: {classifier_threshold: 2}}", "must be 0 to 1"),
    ("a camera that is not there", "recipes: {lid: {cameras: {bolt: {deadline_ms: 5}}}}", "no camera of that name"),
    ("a file without recipes", "recipe_file: wanted.txt", "there are no recipes that it could name"),
    ("no recipe at all", "recipes: {}", "empty; add one, e.g. `lid: {classifier_threshold: 0.6}`"),
    (
        "two kinds of regions",
        "recipes: {lid: {cameras: {belt: {region: [0, 0, 9, 9], regions: {a: {box: [0, 0, 9, 9]}}}}}}",
        "stands beside regions",
    ),
    (
        "inspectors on another host",
        "recipes: {lid: {min_area_px: 1}}\n"
        "hosts: {line: {address: 127.0.0.1}, gpu: {address: 192.0.2.1, runs: [inspect]}}",
        "they change only the inspectors of the line's own host",
    ),
]


@pytest.mark.parametrize(("more", "words"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_in_a_recipe_is_refused(more: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_line(write_line(tmp_path, "synthetic:", more + "\n"))
    assert words in str(refused.value)


def test_a_recipe_that_writes_into_a_camera_of_another_host_is_refused(tmp_path: Path) -> None:
    more = """recipes: {dark: {cameras: {belt: {control: {exposure_us: 900}}}}}
hosts: {line: {address: 127.0.0.1}, far: {address: 192.0.2.1, runs: [capture belt]}}
"""
    with pytest.raises(ConfigurationError) as refused:
        read_line(write_line(tmp_path, "basler:0815", more))
    assert "recipes.dark.cameras.belt.control" in str(refused.value)
    assert "only a camera of the line's own host is opened again" in str(refused.value)


def test_check_looks_at_the_bundle_and_the_regions_of_each_recipe(tmp_path: Path) -> None:
    more = """recipes:
  lid: {bundle: gone}
  housing: {cameras: {belt: {region: [0, 0, 400, 100]}}}
"""
    line = write_line(tmp_path, "synthetic:?size=320x240", more, "region: [0, 0, 100, 100]")
    found: dict[str, str] = {}
    for one in problems_of(read_line(line)):
        found[one.path] = found.get(one.path, "") + one.text
    assert set(found) == {"recipes.lid.bundle", "recipes.housing.cameras.belt.region"}
    assert "does not exist" in found["recipes.lid.bundle"]
    assert "outside the picture of 320x240" in found["recipes.housing.cameras.belt.region"]


def test_recipes_yaml_names_every_setting_of_a_recipe() -> None:
    path = Path(__file__).parents[1] / "configs" / "recipes.yaml"
    text = path.read_text()
    for setting in (*fields(RecipeSettings), *fields(RecipeCameraSettings)):
        assert setting.name == "name" or f" {setting.name}:" in text
    assert in_force(read_line(path)) in {"", *(recipe.name for recipe in read_line(path).recipes)}


# --- the choice


def choose(line: LineSettings, recipe: str, file: Said | None = None) -> None:
    keep_choice(line.data_dir, choice_of(recipe, "", line, "ann", file or Said()))


def test_a_line_begins_with_what_was_said_last(line: LineSettings, tmp_path: Path) -> None:
    assert in_force(line) == "lid", "as the YAML says"
    choose(line, "housing")
    assert in_force(line) == "housing", "as was chosen"
    rewritten = read_line(write_line(tmp_path, "synthetic:", RECIPES.replace("recipe: lid", "recipe: plain")))
    assert in_force(rewritten) == "plain", "the YAML was changed after the choice"
    (tmp_path / "wanted.txt").write_text("  lid \nhousing\n")
    assert in_force(line) == "lid", "the watched file is newer"
    choose(line, "housing", read_now(tmp_path / "wanted.txt"))
    assert in_force(line) == "housing", "the choice is newer than the file"
    order_system(tmp_path / "wanted.txt", "lid")
    assert in_force(line) == "lid", "the file was written anew, with the same name"
    choose(line, "housing", Said("lid"))
    assert in_force(line) == "housing", "a choice of an older version kept the name alone"
    (tmp_path / "wanted.txt").write_text("hinge\n")
    assert in_force(line) == "housing", "what names no recipe changes nothing"
    (tmp_path / "wanted.txt").write_text("none\n")
    assert in_force(line) == "" and with_recipe(line).recipe is None


def test_a_choice_that_the_line_knows_no_more_is_refused_in_words(line: LineSettings) -> None:
    choose(line, "hinge")
    with pytest.raises(ChoiceError, match=r"recipe\.json: no recipe of that name, got hinge.*; choose one"):
        in_force(line)
    (line.data_dir / POINTER).write_text("{")
    with pytest.raises(ChoiceError, match="damaged"):
        in_force(line)


def test_a_command_to_paste_names_the_file_of_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_line(tmp_path, "synthetic:", more="recipes:\n  lid: {classifier_threshold: 0.6}\n")
    data_dir = read_line(file).data_dir
    data_dir.mkdir()
    (data_dir / POINTER).write_text("{")
    parser = argparse.ArgumentParser()
    recipe_command.add_arguments(parser)
    assert recipe_command.run(parser.parse_args([str(file)])) == 1
    assert capsys.readouterr().err.strip().endswith(f"python -m stream recipe {file} NAME")


def test_every_choice_is_on_record(line: LineSettings) -> None:
    assert history(line.data_dir) == () and read_choice(line.data_dir) is None
    choose(line, "lid")
    choose(line, "housing")
    with (line.data_dir / RECORD).open("ab") as file:
        file.write(b'{"recipe": "half')
    assert [choice.recipe for choice in history(line.data_dir)] == ["lid", "housing"]


def order_system(file: Path, name: str) -> None:
    """Writes the file whole, then renames it into place."""
    new = file.with_suffix(".new")
    new.write_text(name)
    new.replace(file)


def test_the_first_line_of_a_file_is_what_can_be_shown_of_it(tmp_path: Path) -> None:
    file = tmp_path / "wanted.txt"
    assert read_now(file) == Said()
    file.write_bytes(b"\xff\x00lid\x1b\r\n")
    assert read_now(file).name == "\ufffdlid"
    file.write_bytes(b"x" * 10_000)
    assert len(read_now(file).name) == 128


def test_what_is_no_file_holds_nobody_up_and_is_said(line: LineSettings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "wanted.txt")
    assert in_force(line) == "lid", "as if it said nothing"
    desk = RecipeDesk(line)
    assert next_wish(desk, "lid", lambda: "a pipe" in desk.alarm) is None
    (warning,) = [one for one in problems_of(line) if one.path == "recipe_file"]
    assert (warning.severity, "a pipe" in warning.text) == ("warning", True)
    (tmp_path / "wanted.txt").unlink()
    next_wish(desk, "lid", lambda: not desk.alarm)


def test_a_share_that_hangs_holds_nobody_up_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()

    def hangs(_: Path) -> Said:
        back.wait()
        return Said("lid", "1")

    monkeypatch.setattr("stream.watched_file.read_now", hangs)
    file = WatchedFile(tmp_path / "wanted.txt")
    try:
        assert file.look(100.0) == file.look(100.0 + SILENT_S) == Said()
        assert "does not answer for 5 s" in file.look(100.1 + SILENT_S).trouble
        monkeypatch.setattr("stream.watched_file.SILENT_S", 0.01)
        assert "does not answer" in WatchedFile(tmp_path / "wanted.txt").first().trouble, "at the start, too"
    finally:
        back.set()
    wait_for(lambda: file.look(100.0 + LOOK_EVERY_S).name == "lid", "the share to be back")


# --- who wants what


def next_wish(desk: RecipeDesk, recipe: str, until: Callable[[], bool] = lambda: False) -> Wish | None:
    """What the file wants next, while that recipe is in force; None where it came to `until` before."""
    found: list[Wish] = []

    def looked() -> bool:
        if wish := desk.file_wish(time.monotonic(), recipe):
            found.append(wish)
        return bool(found) or until()

    wait_for(looked, "what the file wants")
    return found[0] if found else None


def test_a_file_is_a_new_wish_when_it_is_written_and_only_then(line: LineSettings, tmp_path: Path) -> None:
    desk, file = RecipeDesk(line), tmp_path / "wanted.txt"
    assert desk.file_wish(time.monotonic(), "lid") is None
    order_system(file, "housing")
    wish = next_wish(desk, "lid")
    assert wish is not None and wish.recipe == "housing"
    desk.begin(wish)
    assert desk.end(ok=True, text="") == wish
    assert read_choice(line.data_dir) is not None and in_force(line) == "housing"
    again = RecipeDesk(line)
    again.file_wish(time.monotonic(), "housing")
    assert next_wish(again, "lid", lambda: again.alarm != "") is None, "also after a restart: the file is read, and old"


def test_a_name_that_is_written_again_after_a_person_chose_otherwise_is_wanted_again(
    line: LineSettings, tmp_path: Path
) -> None:
    desk, file = RecipeDesk(line), tmp_path / "wanted.txt"
    order_system(file, "housing")
    wish = next_wish(desk, "lid")
    assert wish is not None
    desk.begin(wish)
    desk.end(ok=True, text="")
    desk.begin(Wish("plain", "ann", asker=b"person"))
    desk.end(ok=True, text="")
    assert next_wish(desk, "plain", lambda: desk.alarm != "") is None
    assert "names recipe housing, but recipe plain was chosen since" in desk.alarm and in_force(line) == "plain"
    order_system(file, "housing")
    assert in_force(line) == "housing", "also at a restart"
    wish = next_wish(desk, "plain")
    assert wish is not None and (wish.recipe, desk.alarm) == ("housing", "")


def test_what_is_in_force_and_is_written_again_is_no_wish(line: LineSettings, tmp_path: Path) -> None:
    choose(line, "housing", Said("housing", "1-2"))
    order_system(tmp_path / "wanted.txt", "housing")
    desk = RecipeDesk(line)
    assert next_wish(desk, "housing", lambda: desk._acted_on.mark != "1-2") is None and desk.alarm == ""
    assert len(history(line.data_dir)) == 1


def test_a_wish_that_cannot_be_is_an_alarm_until_another_is_met(line: LineSettings) -> None:
    desk = RecipeDesk(line)
    wish = Wish("hinge", "the file wanted.txt")
    desk.refuse(wish, "no recipe of that name")
    assert desk.alarm == "the file wanted.txt wants the recipe hinge: no recipe of that name"
    person = Wish("lid", "ann", asker=b"person")
    desk.begin(person)
    assert desk.end(ok=True, text="") == person and desk.alarm == ""
    desk.begin(person)
    desk.end(ok=False, text="refused")
    assert desk.alarm == "", "who asked has read the answer"


def test_a_choice_that_the_disk_refuses_is_an_alarm(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    line = read_line(write_line(tmp_path, "synthetic:", RECIPES))
    desk = RecipeDesk(line)
    desk.begin(Wish("lid", "ann", asker=b"person"))
    desk.end(ok=True, text="")
    assert "could not be kept" in desk.alarm and "gone at a restart" in desk.alarm
