"""Opens a cascade from a bundle or from the reference pipeline's checkpoints: verified, on its device, warm."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.batches import BATCH_MAX, marked_at_once
from detector.bundle import FILE_MAX_BYTES, SHIPPED, open_bundle, safe_model
from detector.cascade import Cascade
from detector.doubting import doubting
from detector.engines.architectures import expected
from detector.engines.network import Network, NetworkRequest
from detector.engines.table import open_network
from detector.errors import EngineError, OpenError
from detector.examiner import Networks
from detector.files import read_file
from detector.golden import verify_golden
from detector.stages import (
    REFERENCE_CLASSIFIER,
    REFERENCE_DEFECT_KIND,
    REFERENCE_SEGMENTER,
    ClassifierSpec,
    InputSpec,
    SegmenterSpec,
)


@dataclass(frozen=True)
class Where:
    """What runs the networks."""

    engine: str  # auto | onnxruntime | openvino | torch
    device: str  # auto | cpu | cuda
    threads: int  # CPU threads
    precision: str = "fp32"  # fp32 | bf16
    batch: int = 1  # pictures that the classifier is given at once, always


@dataclass(frozen=True)
class Opened:
    """Networks that were loaded, with the settings they came with."""

    networks: Networks
    defect_kind: str
    bundle_id: str


def open_cascade(
    *,
    clock: Callable[[], float],
    bundle: Path | None = None,
    classifier: Path | None = None,
    segmenter: Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    threads: int = 1,
    precision: str = "fp32",
    classifier_threshold: float | None = None,
    segmenter_threshold: float | None = None,
    min_area_px: int | None = None,
    settings_id: str = "",
    batch: int = 1,
) -> Cascade:
    """A cascade that may judge: from a bundle's folder (None: the shipped one), or from two `.pth` checkpoints.

    clock: seconds, for the stages' times. batch: pictures that the classifier is given at once, 1 to BATCH_MAX. The
    thresholds and min_area_px go over the bundle's; its golden samples are judged before that, with its own.
    Raises OpenError (BundleError, EngineError, GoldenError), saying which file, what was got and what to do.
    """
    if not 1 <= batch <= BATCH_MAX:
        raise OpenError(f"batch: 1 to {BATCH_MAX} is wanted; got {batch}")
    where = Where(engine, device, threads, precision, batch)
    if classifier is None and segmenter is None:
        opened = _from_bundle(bundle or SHIPPED, where, clock)
    elif classifier is None or segmenter is None:
        raise OpenError("classifier and segmenter: name both checkpoints, or none")
    elif bundle is not None:
        raise OpenError("name a bundle, or a classifier and a segmenter; not both")
    else:
        opened = _from_checkpoints(classifier, segmenter, where)
    networks = _overridden(opened.networks, classifier_threshold, segmenter_threshold, min_area_px)
    cascade = _cascade(replace(opened, networks=networks), settings_id, clock, batch)
    with _running(classifier or bundle or SHIPPED):
        _warm_up(networks, batch)
    return cascade


def _cascade(opened: Opened, settings_id: str, clock: Callable[[], float], batch: int) -> Cascade:
    return Cascade(
        opened.networks,
        defect_kind=opened.defect_kind,
        bundle_id=opened.bundle_id,
        settings_id=settings_id,
        clock=clock,
        batch=batch,
    )


def _from_bundle(folder: Path, where: Where, clock: Callable[[], float]) -> Opened:
    bundle = open_bundle(folder)
    one, two = bundle.classifier_file, bundle.segmenter_file
    networks = Networks(
        _classifier(one.path, lambda: safe_model(one), bundle.classifier, where),
        bundle.classifier,
        _segmenter(two.path, lambda: safe_model(two), bundle.segmenter, where),
        bundle.segmenter,
    )
    opened = Opened(networks, bundle.defect_kind, bundle.id)
    with _running(folder):
        verify_golden(_cascade(opened, "", clock, where.batch), bundle.golden, bundle.tolerance)
    return opened


def _from_checkpoints(classifier: Path, segmenter: Path, where: Where) -> Opened:
    one, two = read_checkpoint(classifier, "classifier"), read_checkpoint(segmenter, "segmenter")
    networks = Networks(
        _classifier(classifier, lambda: one, REFERENCE_CLASSIFIER, where),
        REFERENCE_CLASSIFIER,
        _segmenter(segmenter, lambda: two, REFERENCE_SEGMENTER, where),
        REFERENCE_SEGMENTER,
    )
    both = hashlib.sha256(hashlib.sha256(one).digest() + hashlib.sha256(two).digest()).hexdigest()
    return Opened(networks, REFERENCE_DEFECT_KIND, f"checkpoints@{both[:12]}")


def read_checkpoint(path: Path, kind: str) -> bytes:
    """The bytes of a `.pth` file. Raises EngineError where it cannot be read."""
    try:
        return read_file(path, FILE_MAX_BYTES)
    except OSError as error:
        raise EngineError(
            f"{path}: cannot be read ({error.strerror}); the {kind}'s checkpoint, {expected(kind)}, is expected there"
        ) from error


def _classifier(path: Path, read: Callable[[], bytes], spec: ClassifierSpec, where: Where) -> Network:
    return doubting(_network(path, "classifier", read, spec.input, (2,), where), spec.doubt)


def _segmenter(path: Path, read: Callable[[], bytes], spec: SegmenterSpec, where: Where) -> Network:
    return _network(path, "segmenter", read, spec.input, (1, spec.input.height, spec.input.width), where)


def _network(
    path: Path, kind: str, read: Callable[[], bytes], spec: InputSpec, output: tuple[int, ...], where: Where
) -> Network:
    count = where.batch if kind == "classifier" else marked_at_once(where.batch)
    shape = (count, 3, spec.height, spec.width)
    wanted = NetworkRequest(path, kind, read, shape, (count, *output), where.device, where.threads, where.precision)
    return open_network(where.engine, wanted)


def _overridden(
    networks: Networks, classifier_threshold: float | None, segmenter_threshold: float | None, min_area_px: int | None
) -> Networks:
    """The same networks with these settings over the bundle's; None leaves the bundle's. Raises OpenError."""
    for name, value in (("classifier", classifier_threshold), ("segmenter", segmenter_threshold)):
        if value is not None and not 0.0 <= value <= 1.0:
            raise OpenError(f"{name}_threshold: 0..1 is wanted; got {value!r}")
    gate, marking = networks.classifier_spec, networks.segmenter_spec
    return replace(
        networks,
        classifier_spec=replace(gate, threshold=_over(classifier_threshold, gate.threshold)),
        segmenter_spec=replace(
            marking,
            threshold=_over(segmenter_threshold, marking.threshold),
            min_area_px=marking.min_area_px if min_area_px is None else min_area_px,
        ),
    )


def _over(wanted: float | None, own: float) -> float:
    return own if wanted is None else wanted


@contextlib.contextmanager
def _running(path: Path) -> Iterator[None]:
    """A network that loads and cannot be run must not judge: to start again would not help."""
    try:
        yield
    except OpenError:
        raise
    except Exception as error:  # what engines raise shares no base but this
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise EngineError(f"{path}: a network of it cannot be run: {said}") from error


def _warm_up(networks: Networks, batch: int) -> None:
    """Runs both networks once, so that the first picture is not the one that waits for memory."""
    for network, spec, count in (
        (networks.classifier, networks.classifier_spec.input, batch),
        (networks.segmenter, networks.segmenter_spec.input, marked_at_once(batch)),
    ):
        network.run(np.zeros((count, 3, spec.height, spec.width), np.float32))
