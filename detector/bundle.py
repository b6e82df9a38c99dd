"""Opens and verifies a bundle: everything a verdict depends on, in one folder. The format: docs/bundle.md.

What is read here is what the files say; whether the golden samples come out right is known only on the engine and
device that will judge (golden.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from detector import onnx_safety
from detector.bundle_fields import MAX_BYTES, Fields, parse_mapping
from detector.errors import BundleError
from detector.files import read_file
from detector.stage_fields import classifier_spec, segmenter_spec
from detector.stages import ClassifierSpec, SegmenterSpec
from detector.verdict import State

SHIPPED = Path(__file__).parent / "bundles" / "edge"
FORMAT = 1
FILE_MAX_BYTES = 1 << 30  # of one file: the reference pipeline's largest network has a third of it
SETTINGS_FILE = "bundle.yaml"
AGAIN = "copy the bundle anew from where it came, or write it again with `python -m tools.export`"


@dataclass(frozen=True)
class HashedFile:
    """A file of a bundle and the hash its bytes must have."""

    path: Path
    sha256: str

    def read(self) -> bytes:
        """The file's bytes. Raises BundleError where it is missing or its bytes are not those named."""
        try:
            raw = read_file(self.path, FILE_MAX_BYTES)
        except OSError as error:
            raise BundleError(f"{self.path}: cannot be read ({error.strerror}); {AGAIN}") from error
        got = hashlib.sha256(raw).hexdigest()
        if got != self.sha256:
            raise BundleError(
                f"{self.path}: the file was changed: its sha256 is {got[:12]}…, bundle.yaml names "
                f"{self.sha256[:12]}…; {AGAIN}"
            )
        return raw


@dataclass(frozen=True)
class Golden:
    """A picture and what must come out of it."""

    file: HashedFile
    state: State
    score: float  # probability of BAD
    mask_area: float  # share of the network-size mask that is 1; 0 for GOOD


@dataclass(frozen=True)
class Tolerance:
    """How far a golden sample may come out from what is expected."""

    score: float
    mask_area: float


@dataclass(frozen=True)
class Bundle:
    """One verified bundle."""

    folder: Path
    id: str  # name@first 12 hex digits of sha256 over bundle.yaml
    name: str
    defect_kind: str
    trained_scale: float  # network pixels per picture pixel, at the classifier
    classifier: ClassifierSpec
    classifier_file: HashedFile
    segmenter: SegmenterSpec
    segmenter_file: HashedFile
    golden: tuple[Golden, ...]
    tolerance: Tolerance
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]

    def describe(self) -> str:
        """A few lines for people: what this bundle is and where it lies."""
        one, two = self.classifier, self.segmenter
        return "\n".join(
            [
                f"{self.id}  ({self.folder})",
                f"  classifier {one.input.width}x{one.input.height}, {one.input.resize}, BAD at {one.threshold:g}"
                + (f", up to {one.doubt.looks} looks where in doubt" if one.doubt else ""),
                f"  segmenter  {two.input.width}x{two.input.height}, {two.input.resize}, mask above "
                f"{two.threshold:g}, kind {self.defect_kind}, pieces from {two.min_area_px} px",
                f"  golden     {len(self.golden)} samples; trained at {self.trained_scale:g} network px per px",
            ]
        )


def open_bundle(path: Path) -> Bundle:
    """The bundle in the folder `path`, every file of it verified.

    Raises BundleError, saying which file and key, what was got and what to do.
    """
    file = path / SETTINGS_FILE
    if not path.is_dir():
        found = "is a file" if path.exists() else "does not exist"
        raise BundleError(f"{path}: {found}; the folder of a bundle, with {SETTINGS_FILE} in it, is wanted")
    raw = _read_settings(file)
    fields = Fields(file, parse_mapping(raw, file))
    bundle = _bundle(path, raw, fields)
    for model in (bundle.classifier_file, bundle.segmenter_file):
        safe_model(model)
    for golden in bundle.golden:
        golden.file.read()
    return bundle


def read_id(path: Path) -> str:
    """The id of the bundle in the folder `path`, of which nothing is verified. Raises BundleError."""
    file = path / SETTINGS_FILE
    raw = _read_settings(file)
    return _id(_name(Fields(file, parse_mapping(raw, file))), raw)


def safe_model(file: HashedFile) -> bytes:
    """The bytes of an ONNX file that may be run. Raises BundleError."""
    raw = file.read()
    try:
        onnx_safety.refuse_unsafe(raw)
    except onnx_safety.OnnxError as error:
        raise BundleError(f"{file.path}: refused: {error}") from error
    return raw


def _read_settings(file: Path) -> bytes:
    try:
        return read_file(file, MAX_BYTES)
    except OSError as error:
        raise BundleError(f"{file}: cannot be read ({error.strerror}); {AGAIN}") from error


def _bundle(folder: Path, raw: bytes, fields: Fields) -> Bundle:
    fields.exactly("format", FORMAT)
    fields.exactly("classes", ["GOOD", "BAD"])
    name = _name(fields)
    classifier, segmenter = fields.section("classifier"), fields.section("segmenter")
    bundle = Bundle(
        folder=folder,
        id=_id(name, raw),
        name=name,
        defect_kind=fields.text("defect_kind", r"[\w .-]{1,64}", "one or a few words"),
        trained_scale=fields.number("trained_scale", 1e-4, 1e4),
        classifier_file=_file(folder, classifier),
        classifier=classifier_spec(classifier),
        segmenter_file=_file(folder, segmenter),
        segmenter=segmenter_spec(segmenter),
        golden=tuple(_golden(folder, one) for one in fields.sections("golden")),
        tolerance=_tolerance(fields.section("tolerance")),
        training=fields.free("training"),
        metrics=fields.free("metrics"),
    )
    fields.refuse_unknown()
    states = {golden.state for golden in bundle.golden}
    if states != {State.GOOD, State.BAD}:
        raise fields.wrong("golden", "at least one sample of GOOD and one of BAD", sorted(states))
    return bundle


def _name(fields: Fields) -> str:
    return fields.text("name", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of letters, digits and . _ -")


def _id(name: str, raw: bytes) -> str:
    return f"{name}@{hashlib.sha256(raw).hexdigest()[:12]}"


def _file(folder: Path, fields: Fields) -> HashedFile:
    name = fields.text("file", r"[\w./ -]{1,200}", "the path of a file in the bundle")
    inside = (folder / name).resolve()
    if PurePosixPath(name).is_absolute() or not inside.is_relative_to(folder.resolve()):
        raise fields.wrong("file", "a path inside the bundle", name)
    return HashedFile(folder / name, fields.text("sha256", r"[0-9a-f]{64}", "a sha256 of 64 hex digits"))


def _golden(folder: Path, fields: Fields) -> Golden:
    state = State(fields.choice("state", ["GOOD", "BAD"]))
    area = fields.number("mask_area", 0.0, 1.0) if state is State.BAD or "mask_area" in fields.values else 0.0
    golden = Golden(_file(folder, fields), state, fields.number("score", 0.0, 1.0), area)
    fields.refuse_unknown()
    return golden


def _tolerance(fields: Fields) -> Tolerance:
    tolerance = Tolerance(fields.number("score", 0.0, 0.5), fields.number("mask_area", 0.0, 0.5))
    fields.refuse_unknown()
    return tolerance
