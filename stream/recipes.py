"""A recipe: how one product is judged, laid over the line's own settings. Pure; knows no running line.

Most of it is what inspectors judge by: bundle, thresholds, regions, deadlines. Only an industrial camera that a recipe
writes something into is opened again for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from detector.regions import Where
from stream.control_limits import control_conflicts
from stream.settings import (
    CameraSettings,
    InspectorSettings,
    LineSettings,
    RecipeCameraSettings,
    RecipeControlSettings,
    RecipeSettings,
)

NONE = "none"  # as a name: the line's own settings


class RecipeError(Exception):
    """No recipe of that name; the text says which there are."""


def recipe_of(line: LineSettings, name: str) -> RecipeSettings | None:
    """The recipe of that name; None for NONE and for the empty name. Raises RecipeError."""
    if name in ("", NONE):
        return None
    for recipe in line.recipes:
        if recipe.name == name:
            return recipe
    known = ", ".join((*(recipe.name for recipe in line.recipes), NONE))
    raise RecipeError(f"no recipe of that name, got {name}; the recipes of this line are {known}")


def laid_over(line: LineSettings, name: str) -> LineSettings:
    """The line as that recipe has it: `recipe` names it, and there is nothing left to choose. Raises RecipeError.

    A line without recipes stays as it is; it may be one that a recipe was laid over before.
    """
    recipe = recipe_of(line, name)
    if not line.recipes:
        return line
    if recipe is None:
        return replace(line, recipe=None, recipes=(), recipe_file=None)
    changes = {camera.name: camera for camera in recipe.cameras}
    cameras = tuple(_camera(c, changes[c.name]) if c.name in changes else c for c in line.cameras)
    inspector = _inspector(line.inspector, recipe)
    return replace(line, cameras=cameras, inspector=inspector, recipe=recipe.name, recipes=(), recipe_file=None)


def laid(line: LineSettings) -> str:
    """The name of the recipe that was laid over this line; empty: none."""
    return "" if line.recipes else line.recipe or ""


def wheres_of(line: LineSettings, camera: str) -> dict[str, Where]:
    """What of a camera's pictures is judged, by the name of the recipe; the empty name: without one."""
    names = ("", *(recipe.name for recipe in line.recipes))
    return {name: laid_over(line, name).camera(camera).where for name in names}


def retuned(before: LineSettings, after: LineSettings) -> tuple[str, ...]:
    """The cameras into which something else is written; they are opened again."""
    return tuple(c.name for c in after.cameras if c.control != before.camera(c.name).control)


def shown(name: str) -> str:
    """A recipe's name in a sentence."""
    return f"recipe {name}" if name not in ("", NONE) else "no recipe"


def recipe_conflicts(line: LineSettings) -> Iterator[tuple[str, str]]:
    """Recipes that are each allowed and do not go with the rest: path of one setting, what to do."""
    if line.recipe is not None:
        try:
            recipe_of(line, line.recipe)
        except RecipeError as error:
            yield "recipe", str(error)
    if line.recipe_file is not None and not line.recipes:
        yield "recipe_file", "there are no recipes that it could name; add some under recipes"
    known = [camera.name for camera in line.cameras]
    for recipe in line.recipes:
        path = f"recipes.{recipe.name}"
        if recipe.bundle is not None and line.inspector.classifier is not None:
            yield f"{path}.bundle", "the line judges with checkpoints (inspector.classifier); delete one of the two"
        for camera in recipe.cameras:
            if camera.name not in known:
                text = f"no camera of that name, got {camera.name}; the cameras of this line are {', '.join(known)}"
                yield f"{path}.cameras.{camera.name}", text
                continue
            if camera.control != RecipeControlSettings():
                laid = _camera(line.camera(camera.name), camera)
                yield from control_conflicts(f"{path}.cameras.{camera.name}", laid)


def _inspector(inspector: InspectorSettings, recipe: RecipeSettings) -> InspectorSettings:
    names = ("bundle", "classifier_threshold", "segmenter_threshold", "min_area_px")
    return replace(inspector, **{name: value for name in names if (value := getattr(recipe, name)) is not None})


def _camera(camera: CameraSettings, change: RecipeCameraSettings) -> CameraSettings:
    """One kind of region takes the place of the other."""
    if change.region is not None or change.regions:
        camera = replace(camera, region=change.region, regions=change.regions)
    if change.deadline_ms is not None:
        camera = replace(camera, deadline_ms=change.deadline_ms)
    written = {f.name: value for f in fields(change.control) if (value := getattr(change.control, f.name)) is not None}
    return replace(camera, control=replace(camera.control, **written))
