"""Writes a camera's regions into the file of its line: into its text alone, and only if what comes out is right.

What is written is read back as the line itself would read it, beside the file and before it takes its place.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from detector.regions import Locate, Region, Tiles
from detector.verdict import Box
from stream.configuration import ConfigurationError, read_line
from stream.durable import sync_folder, write_file
from stream.settings import LineSettings
from stream.yaml_surgery import GONE, SurgeryError, changed, flow

BOM = "\ufeff"


class WritingError(Exception):
    """The regions were not written; the text says why and what to do."""


@dataclass(frozen=True)
class Written:
    """A file as it was read."""

    path: Path
    raw: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8")


def read_file(path: Path) -> Written:
    """The file, through links. Raises WritingError where it cannot be read."""
    real = Path(os.path.realpath(path))
    try:
        written = Written(real, real.read_bytes())
        written.text  # noqa: B018  # refuses here what is no UTF-8
    except (OSError, UnicodeDecodeError) as error:
        raise WritingError(f"{path}: cannot be read: {error}") from None
    return written


def save(written: Written, camera: str, regions: tuple[Region, ...]) -> Written:
    """The file with these regions of that camera, on disk; else it is as it was. Raises WritingError.

    Refused where the file is not what `written` says, by then; where the text cannot be changed in place; and where
    reading it gives anything but the same line with these regions.
    """
    if read_file(written.path).raw != written.raw:
        raise WritingError("the file was changed by somebody else meanwhile; load the page again, or copy the text")
    try:
        text = with_regions(written.text, camera, regions)
    except SurgeryError as error:
        raise WritingError(f"the file cannot be changed in place: {error}; copy the text") from None
    before = read_line(written.path)
    raw = text.encode()
    _replace(written.path, raw, lambda line: _must_be(line, before, camera, regions))
    return Written(written.path, raw)


def _replace(path: Path, raw: bytes, check: Callable[[LineSettings], None]) -> None:
    """The file becomes what was checked beside it. Raises WritingError, and then it is as it was."""
    beside = path.with_name(f".{path.name}.regions")
    try:
        beside.unlink(missing_ok=True)
        beside.touch(0o600)  # an address in it may carry a password
        write_file(beside, raw)
        check(read_line(beside))
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
        sync_folder(path.parent)
    except ConfigurationError as error:
        said = "; ".join(f"{problem.path}: {problem.text}" for problem in error.problems)
        raise WritingError(f"the line would refuse it: {said}") from None
    except OSError as error:
        raise WritingError(f"the file cannot be written: {error.strerror}; copy the text") from None
    finally:
        beside.unlink(missing_ok=True)


def with_regions(text: str, camera: str, regions: tuple[Region, ...]) -> str:
    """The YAML of a line with these regions of that camera, every other character as it was. Raises SurgeryError."""
    said = _said(text, camera)
    wanted: dict[str, Any] = {
        "regions": {one.name: as_yaml(one, said.get(one.name, frozenset())) for one in regions} if regions else GONE
    }
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    if regions:
        body = _without_region(body, camera)
    return mark + changed(body, ("cameras", camera), wanted)


def _without_region(text: str, camera: str) -> str:
    """`region` of the camera takes the place of regions: where it is written, nothing may stand there."""
    at = ("cameras", camera)
    there = changed(text, at, {"region": GONE}) != text
    return changed(text, at, {"region": None}) if there else text


def _said(text: str, camera: str) -> dict[str, frozenset[str]]:
    """By region, the names that stand below its kind: what somebody wrote stays, also where it is the default."""
    cameras = (yaml.safe_load(text) or {}).get("cameras") or {}
    if isinstance(cameras, list):
        cameras = {one.get("name"): one for one in cameras if isinstance(one, dict)}
    regions = (cameras.get(camera) or {}).get("regions") or {}
    return {
        str(name): frozenset(key for below in kinds.values() if isinstance(below, dict) for key in below)
        for name, kinds in regions.items()
        if isinstance(kinds, dict)
    }


def as_yaml(region: Region, said: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What stands below the region's name: its kind alone, and of that what is not the default or is in `said`."""
    if region.polygon is not None:
        return {"polygon": [[corner.x, corner.y] for corner in region.polygon]}
    if region.box is not None:
        return {"box": _corners(region.box)}
    kind = region.tiles or region.locate
    return {region.kinds[0]: _given(kind, said)} if kind is not None else {}


def shown(camera: str, regions: tuple[Region, ...]) -> str:
    """The regions as lines to paste below the camera's name."""
    rows = [f"    {one.name}: {flow(as_yaml(one))}" for one in regions]
    return "\n".join([f"# below cameras, {camera}:", "  regions:" if rows else "  regions: null", *rows]) + "\n"


def _given(part: Tiles | Locate, said: frozenset[str]) -> dict[str, Any]:
    values = {one.name: getattr(part, one.name) for one in dataclasses.fields(part)}
    kept = {
        one.name: values[one.name]
        for one in dataclasses.fields(part)
        if one.default is dataclasses.MISSING or values[one.name] != one.default or one.name in said
    }
    return {name: _corners(value) if isinstance(value, Box) else value for name, value in kept.items()}


def _corners(box: Box) -> list[int]:
    return [box.x0, box.y0, box.x1, box.y1]


def _must_be(line: LineSettings, before: LineSettings, camera: str, regions: tuple[Region, ...]) -> None:
    """Raises WritingError unless the line is the one before with these regions of that camera."""
    wanted = dataclasses.replace(before, cameras=tuple(_plain(one, camera, regions) for one in before.cameras))
    got = dataclasses.replace(line, cameras=tuple(_plain(one, camera, one.regions) for one in line.cameras))
    if got != wanted:
        raise WritingError("the file is written in a way that is not changed here (an alias, a merge); copy the text")


def _plain(one: Any, camera: str, regions: tuple[Region, ...]) -> Any:
    """The camera with its regions by name: the file has them in an order of its own."""
    if one.name != camera:
        return one
    return dataclasses.replace(one, region=None, regions=tuple(sorted(regions, key=lambda region: region.name)))
