"""What must stand before a soak begins: its folder, recordings, bundles, disk and clock. Undone as a context."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from detector.bundle import open_bundle
from stream.configuration import dump_line
from stream.live_bundle import Live, keep, put_live
from stream.sources.numbered_picture import draw, is_bad

from .films import encode
from .soak_cameras import RECORDING, WATCHED, SoakCamera
from .soak_clocks import begin
from .soak_disk import SmallDisk
from .soak_line import SoakLine
from .soak_truth import TRUTH, write_document
from .soak_world_faults import entry_of

BUNDLE = Path(__file__).with_name("soak_bundle")
NAMES = ("soak-a", "soak-b")  # the same bundle twice: changing one for the other changes no verdict
CRF = 18
MB_BASE, MB_A_MINUTE = 48, 16  # of a disk: measured, an evidence folder of 320x240 takes some 30 kB


@dataclass(frozen=True)
class Stage:
    """What stands."""

    disk: SmallDisk | None
    clock: Path
    bundles: tuple[Path, ...]


@contextlib.contextmanager
def stage(soaked: SoakLine, *, show: bool) -> Iterator[Stage]:
    """Sets everything up. At the end the disk goes, and what was on it lies in data_dir."""
    out, data_dir = soaked.out, soaked.line.data_dir
    for folder in ("control", "films", "bundles", "data"):
        (out / folder).mkdir(parents=True)
    for camera in soaked.cameras:
        if camera.truth.kind == RECORDING:
            _film(camera, soaked.seed, show)
        elif camera.truth.kind == WATCHED:
            camera.source.mkdir(parents=True)
        if camera.settings.challenge.pictures is not None:
            _known_bad(camera, camera.settings.challenge.pictures)
    clock = out / "clock"
    begin(clock)
    disk, notes = _disk(soaked)
    try:
        bundles = _bundles(out, data_dir)
        write_document(out / TRUTH, soaked.truth(tuple(bundle.name for bundle in bundles), notes))
        (out / "line.json").write_text(dump_line(soaked.line))
        yield Stage(disk, clock, bundles)
    finally:
        if disk is not None:
            disk.close()


def _film(camera: SoakCamera, seed: int, show: bool) -> None:
    """The recording of one camera: picture n has the number n."""
    truth = camera.truth
    numbers = tqdm(range(truth.pictures or 0), f"recording {truth.name}", disable=not show)

    def pictures() -> Iterator[np.ndarray]:
        for number in numbers:
            bad = is_bad(seed, truth.name, number, truth.bad_share)
            yield draw(number, truth.width, truth.height, bad=bad, region=camera.settings.region)

    encode(pictures(), camera.source, fps=truth.fps, crf=CRF, preset="ultrafast")


def _known_bad(camera: SoakCamera, folder: Path) -> None:
    """One stored picture for its challenges, as large as its others."""
    truth = camera.truth
    folder.mkdir(parents=True)
    picture = draw(0, truth.width, truth.height, bad=True, region=camera.settings.region)
    cv2.imwrite(str(folder / "known.png"), picture)


def _bundles(out: Path, data_dir: Path) -> tuple[Path, ...]:
    """Two bundles that judge alike, kept in data_dir; the first is live."""
    kept = []
    for name in NAMES:
        folder = Path(shutil.copytree(BUNDLE, out / "bundles" / name))
        settings = folder / "bundle.yaml"
        settings.write_text(settings.read_text().replace("name: soak\n", f"name: {name}\n"))
        kept.append(keep(open_bundle(folder), data_dir))
    put_live(data_dir, Live(kept[0].name, (), entry_of(kept[0].name, "")))
    return tuple(kept)


def _disk(soaked: SoakLine) -> tuple[SmallDisk | None, tuple[str, ...]]:
    megabytes = round(MB_BASE + soaked.line.recorder.evidence_min_free_mb + MB_A_MINUTE * soaked.minutes)
    try:
        return SmallDisk(soaked.line.data_dir, megabytes), ()
    except OSError as error:
        return None, (f"the fault `full disk` could not be done: {error}",)
