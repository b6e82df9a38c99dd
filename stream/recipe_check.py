"""What the world must hold for each recipe of a line: its bundle opens, its regions lie in the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from detector.bundle import Bundle
from stream.chosen_recipe import ChoiceError, in_force, told_first
from stream.probe import PictureSize
from stream.problem import ERROR, NOTE, WARNING, Finding
from stream.recipes import laid_over
from stream.settings import LineSettings
from stream.world_detector import look_at_detector, look_at_region


def look_at_recipes(
    line: LineSettings, sizes: Mapping[str, PictureSize | None], bundle: Bundle | None
) -> Iterator[Finding]:
    """All that is wrong with the recipes. `sizes`: of each camera's pictures; `bundle`: the line's own."""
    try:
        in_force(line)
    except ChoiceError as error:
        yield Finding(ERROR, "recipe", str(error))
    if trouble := told_first(line).trouble:
        yield Finding(WARNING, "recipe_file", trouble)
    for recipe in line.recipes:
        path, judged_by, laid = f"recipes.{recipe.name}", bundle, laid_over(line, recipe.name)
        if recipe.bundle is not None:
            detector = look_at_detector(laid)
            judged_by = detector.bundle
            for finding in detector.findings:
                if finding.severity != NOTE:
                    yield replace(finding, path=f"{path}.bundle")
        for camera in recipe.cameras:
            if (camera.region is not None or camera.regions) and camera.name in sizes:
                for finding in look_at_region(laid.camera(camera.name), sizes[camera.name], judged_by):
                    yield replace(finding, path=f"{path}.{finding.path}")
