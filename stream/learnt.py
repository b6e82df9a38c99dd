"""What a camera's good pictures look like, as `python -m stream calibrate` learnt it. No clock.

There is one file for each way in which recipes set the camera: another exposure or part of the sensor is another
picture. A file that is damaged is refused in words, and the camera goes on with what needs no learning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from stream.durable import make_folder, replace_file
from stream.messages import CameraName, Pixels, Share
from stream.problem import WARNING, Finding
from stream.settings import CameraSettings, ControlSettings, RecipeControlSettings

FOLDER = "calibration"
MARK = "@"  # in a file's name; no camera's name has it
VERSION = 1
BYTES_MAX = 1 << 20
AGAIN = "calibrate the camera again"

Grey = Annotated[float, msgspec.Meta(ge=0.0, le=255.0)]
Positive = Annotated[float, msgspec.Meta(gt=0.0, le=1e6)]
Text = Annotated[str, msgspec.Meta(max_length=400)]


class LearntError(ValueError):
    """The file cannot be used; the text says why and what to do."""


class Standing(msgspec.Struct, frozen=True):
    """What stays in its place in the picture, whatever passes."""

    width: Pixels
    height: Pixels
    picture: bytes  # (height, width) uint8: the mean of the good pictures
    places: bytes  # (height, width) uint8 0/1: where something stands
    limit: Share  # less alike than this is another view

    def __post_init__(self) -> None:
        if not len(self.picture) == len(self.places) == self.width * self.height:
            raise ValueError(f"a picture of {self.width}x{self.height} px in {len(self.picture)} bytes")
        if not set(self.places) <= {0, 1} or not any(self.places):
            raise ValueError("places are 0 or 1, some of them 1")

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """(h, w) uint8 picture and (h, w) bool places."""
        shape = (self.height, self.width)
        picture = np.frombuffer(self.picture, np.uint8).reshape(shape)
        return picture, np.frombuffer(self.places, np.uint8).reshape(shape) != 0


class Learnt(msgspec.Struct, frozen=True):
    """The limits of one camera. None: this cannot be told from its pictures."""

    camera: CameraName
    made_utc: Text
    pictures: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    width: Pixels
    height: Pixels
    level_least: Grey | None = None  # darker is dark
    burnt_most: Share | None = None  # more burnt-out pixels is blinded
    noisy: bool = False  # the sensor's noise makes every picture differ from the one before
    flicker_most: Positive | None = None  # of the logarithm of brightness, from picture to picture
    sharpness_least: Positive | None = None
    standing: Standing | None = None
    not_told: tuple[Text, ...] = ()  # in words: what could not be learnt, and why
    control: Text | None = None  # as of control_key; None: an older version did not say
    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)] = VERSION


def control_key(control: ControlSettings) -> str:
    """Tells apart what changes the picture of what is written into a camera; empty where nothing of that is."""
    names = [setting.name for setting in fields(RecipeControlSettings)]
    said = {name: _plain(value) for name in names if (value := getattr(control, name)) is not None}
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12] if said else ""


def _plain(value: object) -> object:
    """900 and 900.0 are the same exposure."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return float(value) if isinstance(value, int) else value


def learnt_file(data_dir: Path, camera: str, control: str = "") -> Path:
    return data_dir / FOLDER / (f"{camera}{MARK}{control}.json" if control else f"{camera}.json")


def learnt_files(data_dir: Path, camera: str) -> Iterator[tuple[str, Path]]:
    """Each that there is, after the control that it was learnt with."""
    plain = learnt_file(data_dir, camera)
    for path in (plain, *sorted(plain.parent.glob(f"{camera}{MARK}*.json"))):
        if path.exists():
            yield path.stem.partition(MARK)[2], path


def learnt_for(data_dir: Path, camera: CameraSettings, recipe: str) -> Learnt | None:
    """What was learnt of the camera as it is set now, by that recipe or (empty) by none. Raises LearntError.

    What an older version learnt counts for the line without a recipe.
    """
    key = control_key(camera.control)
    found = read_learnt(data_dir, camera.name, key)
    if found is None and not recipe:
        older = read_learnt(data_dir, camera.name)
        found = older if older is not None and older.control is None else None
    return found


def read_learnt(data_dir: Path, camera: str, control: str = "") -> Learnt | None:
    """What was learnt of the camera, set like that; None where nothing was. Raises LearntError."""
    path = learnt_file(data_dir, camera, control)
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LearntError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
    try:
        if len(content) > BYTES_MAX:
            raise ValueError(f"more than {BYTES_MAX} bytes")
        learnt = msgspec.json.decode(content, type=Learnt)
        if learnt.camera != camera:
            raise ValueError(f"it is of the camera {learnt.camera}")
        if learnt.control != control and (learnt.control is not None or control):
            raise ValueError("it is of a camera that was set otherwise")
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors
        raise LearntError(f"{path}: damaged, or of another version: {error}; {AGAIN}") from error
    return learnt


def look_at_learnt(data_dir: Path, camera: str) -> Iterator[Finding]:
    """Whether what was learnt can be read: a camera is watched without it where it cannot."""
    for control, _ in learnt_files(data_dir, camera):
        try:
            read_learnt(data_dir, camera, control)
        except LearntError as error:
            yield Finding(WARNING, f"cameras.{camera}.health", str(error))


def write_learnt(data_dir: Path, learnt: Learnt) -> Path:
    """Keeps it, in place of what was there. Raises OSError."""
    path = learnt_file(data_dir, learnt.camera, learnt.control or "")
    make_folder(path.parent)
    replace_file(path, msgspec.json.format(msgspec.json.encode(learnt), indent=1) + b"\n")
    return path
