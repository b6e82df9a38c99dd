"""`python -m stream calibrate`: learns from good running what is usual for a camera, or measures its scale."""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from datetime import datetime, timezone

from stream.asking import ask, line_runs
from stream.check import add_line_arguments
from stream.chosen_recipe import ChoiceError, in_force
from stream.configuration import read_line
from stream.good_pictures import GoodPicture, good_pictures
from stream.health_desk import judged_boxes
from stream.health_words import WORDS
from stream.learning import Learning
from stream.learnt import Learnt, control_key, write_learnt
from stream.places import Places, places_for
from stream.recipes import RecipeError, laid, laid_over, shown
from stream.secrets import SecretError
from stream.settings import CameraSettings, LineSettings
from stream.sources.source import SourceError
from stream.target import CHESSBOARD, DOTS, TargetSeen, find_target

EXAMPLE = """examples:
  python -m stream calibrate configs/line.yaml --camera belt
  python -m stream calibrate configs/line.yaml --target chessboard --pitch-mm 5 --columns 9 --rows 6

Let the line run as it should, with parts passing, in its usual light. Where `stream run` has the camera, the pictures
come from there. What was learnt lies in data_dir/calibration, and is used from the next start on. Where a recipe sets
the camera otherwise, it is learnt for the recipe in force.

exit code: 0 learnt or measured, 1 the pictures do not do for that, 2 no pictures, or options that do not go together"""
TARGET_PICTURES = 10
BAR = 30


class NotDone(Exception):
    """The pictures do not do; the text says why and what to do."""


@dataclass(frozen=True)
class Wanted:
    """A target that is to be found."""

    kind: str
    pitch_mm: float
    columns: int
    rows: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Learns from a minute of good running what is usual for a camera, or measures its scale."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument("--camera", help="which camera, where there are several")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it looks (default: 60)")
    parser.add_argument("--target", choices=(CHESSBOARD, DOTS), help="measure millimetres per pixel by such a target")
    parser.add_argument("--pitch-mm", type=float, help="of the target: from one corner or dot to the next")
    parser.add_argument("--columns", type=int, help="of the target: dots, or inner corners, in a row")
    parser.add_argument("--rows", type=int, help="of the target: the same in a column")


def run(arguments: argparse.Namespace) -> int:
    written = read_line(arguments.file, arguments.overrides, arguments.source)
    places = places_for(written.data_dir)
    try:
        line = as_it_judges(written, places)
        camera, wanted = _camera(line, arguments.camera), _target(arguments)
        if wanted is None and not camera.live:
            raise ValueError(f"{camera.name}: pictures that lie in files are not watched; nothing is to be learnt")
        if not 0 < arguments.seconds <= 24 * 3600:
            raise ValueError(f"--seconds: got {arguments.seconds:g}; give 1 to 86400")
    except (ValueError, RecipeError, ChoiceError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        if wanted is not None:
            _measure(camera, places, wanted, arguments.seconds)
        else:
            learnt = _learn(camera, places, arguments.seconds)
            if as_it_judges(written, places).camera(camera.name).control != camera.control:
                raise NotDone("the recipe was changed while it learnt; try again")
            _keep(learnt, line)
    except NotDone as error:
        print(f"{camera.name}: {error}", file=sys.stderr)
        return 1
    except (SourceError, SecretError, RecipeError, ChoiceError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def as_it_judges(line: LineSettings, places: Places) -> LineSettings:
    """The line with the recipe in force: while it runs that which it says, else that which it would begin with.

    Raises RecipeError, ChoiceError.
    """
    answer = ask(places, "status") if line.recipes and line_runs(places) else None
    return laid_over(line, in_force(line) if answer is None or answer.house is None else answer.house.recipe)


def _camera(line: LineSettings, wanted: str | None) -> CameraSettings:
    names = [camera.name for camera in line.cameras]
    if wanted is None and len(names) == 1:
        return line.cameras[0]
    if wanted not in names:
        raise ValueError(f"--camera: got {wanted or 'none'}; the cameras of this line are {', '.join(names)}")
    return line.camera(wanted)


def _target(arguments: argparse.Namespace) -> Wanted | None:
    measures = (arguments.pitch_mm, arguments.columns, arguments.rows)
    if arguments.target is None:
        if any(measure is not None for measure in measures):
            raise ValueError("--pitch-mm, --columns and --rows describe a target; name its kind with --target")
        return None
    if any(measure is None for measure in measures):
        raise ValueError("--target: needs --pitch-mm, --columns and --rows, too")
    if not 0 < arguments.pitch_mm <= 1000 or not all(3 <= n <= 100 for n in measures[1:]):
        raise ValueError("--target: needs a pitch of more than 0 mm, and 3 to 100 columns and rows")
    return Wanted(arguments.target, arguments.pitch_mm, arguments.columns, arguments.rows)


def _learn(camera: CameraSettings, places: Places, seconds: float) -> Learnt:
    learning = Learning(camera.name, judged_boxes(camera), control_key(camera.control))
    try:
        for picture in good_pictures(camera, places):
            learning.add(picture.pixels, picture.at_s)
            _show(picture, seconds)
            if picture.since_s >= seconds:
                break
        return learning.learnt(datetime.now(timezone.utc).isoformat(timespec="seconds"))
    except ValueError as error:
        raise NotDone(str(error)) from error
    finally:
        _end_bar()


def _keep(learnt: Learnt, line: LineSettings) -> None:
    path = write_learnt(line.data_dir, learnt)
    by = f", for {shown(recipe)}" if (recipe := laid(line)) else ""
    print(f"{learnt.camera}: learnt from {learnt.pictures} pictures of {learnt.width}x{learnt.height} px{by}")
    print("\n".join(f"  {row}" for row in told(learnt)))
    print(f"  kept in {path}; used from the next start of the line on")


def told(learnt: Learnt) -> list[str]:
    """What can be told of this camera's pictures from now on, and what not, in words."""
    limits = {
        "size": f"other than {learnt.width}x{learnt.height} px",
        "black": learnt.level_least and f"darker than {learnt.level_least:.0f} of 255",
        "blinded": learnt.burnt_most and f"more than {learnt.burnt_most:.0%} of the pixels burnt out",
        "flicker": learnt.flicker_most and f"more than {learnt.flicker_most:.0%} from picture to picture",
        "frozen": learnt.noisy and "the sensor's noise makes every picture another one",
        "focus": learnt.sharpness_least and f"edges less steep than {learnt.sharpness_least:.3g}",
        "moved": learnt.standing and f"less than {learnt.standing.limit:.0%} like what stood still",
    }
    rows = [f"{WORDS[name].word.lower():<13} {limit}" for name, limit in limits.items() if limit]
    if not learnt.noisy:
        rows.append("frozen        not from pixels: no noise of the sensor was seen; `frozen: on` looks all the same")
    return [*rows, *(f"cannot tell   {one}" for one in learnt.not_told)]


def _measure(camera: CameraSettings, places: Places, wanted: Wanted, seconds: float) -> None:
    seen: list[TargetSeen] = []
    try:
        for picture in good_pictures(camera, places):
            found = find_target(picture.pixels, wanted.kind, wanted.columns, wanted.rows)
            seen += [found] if found is not None else []
            _show(picture, seconds)
            if picture.since_s >= seconds or len(seen) >= TARGET_PICTURES:
                break
    finally:
        _end_bar()
    if not seen:
        shape = f"{wanted.kind} of {wanted.columns} x {wanted.rows}"
        raise NotDone(f"no {shape} was seen; it must lie flat, wholly in view, sharp, with a light rim around it")
    best = min(seen, key=lambda one: one.spread)
    scale = wanted.pitch_mm / statistics.median(one.pitch_px for one in seen)
    said = (
        f"over the target the scale differs by {best.spread:.1%}, rows against columns by {abs(best.stretch - 1):.1%}"
    )
    print(f"{camera.name}: measured in {len(seen)} pictures; {said}")
    if best.crooked:
        print("  the camera looks aslant, or its lens bends the picture: millimetres will be wrong by as much")
    print(f"  put this below `{camera.name}:` in the line's YAML:\n    mm_per_px: {scale:.6g}")


def _show(picture: GoodPicture, seconds: float) -> None:
    """A bar at a terminal."""
    if sys.stderr.isatty():
        share = min(1.0, picture.since_s / seconds)
        done = round(BAR * share)
        sys.stderr.write(f"\r{'#' * done}{'.' * (BAR - done)} {picture.since_s:5.1f} of {seconds:g} s")
        sys.stderr.flush()


def _end_bar() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")
