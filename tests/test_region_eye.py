"""Pictures to draw on: of a running line from its ring, else from the camera itself."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.places import SHM, Places
from stream.region_eye import FRESH_NS, Eye, Sighted
from stream.ring import Ring
from stream.settings import CameraSettings
from tests.line import wait_for
from tests.recordings import numbered_frame


@pytest.fixture
def places() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="lw-", dir=SHM) as folder:
        yield Places(Path(folder))


def decoded(seen: Sighted) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(seen.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def write(ring: Ring, slot: int, picture: np.ndarray, seq: int, ago_ns: int = 0) -> None:
    now_ns = time.monotonic_ns() - ago_ns
    ring.write(
        slot, picture, run=1, seq=seq, captured_mono_ns=now_ns, captured_utc_ns=time.time_ns(), pts_s=None, problem=None
    )


def folder_of(folder: Path, level: int) -> CameraSettings:
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((240, 320, 3), level, np.uint8))
    return CameraSettings("belt", str(folder))


def test_a_running_lines_newest_picture_is_seen_though_the_camera_could_be_opened(
    places: Places, tmp_path: Path
) -> None:
    camera = folder_of(tmp_path / "pictures", 250)
    with closing(Ring.create(places.ring("belt", 1), slots=4, slot_bytes=320 * 240 * 3)) as ring:
        # Both from the time to come: so neither grows old while a slow machine opens it.
        write(ring, 0, np.full((240, 320, 3), 90, np.uint8), 1, ago_ns=-3600 * 10**9)
        write(ring, 1, numbered_frame(2, bad=True), 2, ago_ns=-3601 * 10**9)
        with closing(Eye(camera, places)) as eye:
            seen = wait_for(lambda: eye.newest, "a picture")
            assert (seen.width, seen.height) == (320, 240)
            assert decoded(seen)[180, 260, 2] > 200, "the red square of the newer one"
            assert eye.said == "from the line, which runs"


def test_the_ring_of_a_line_that_stands_is_passed_over(places: Places, tmp_path: Path) -> None:
    camera = folder_of(tmp_path / "pictures", 250)
    with closing(Ring.create(places.ring("belt", 1), slots=2, slot_bytes=320 * 240 * 3)) as ring:
        write(ring, 0, np.full((240, 320, 3), 90, np.uint8), 1, ago_ns=10 * FRESH_NS)
        with closing(Eye(camera, places)) as eye:
            seen = wait_for(lambda: eye.newest, "a picture")
            assert decoded(seen).min() > 240
            assert eye.said == "from the camera itself"


def test_a_large_picture_is_sent_smaller_and_its_size_is_told(places: Places, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    cv2.imwrite(str(tmp_path / "p" / "a.png"), np.full((500, 4000, 3), 128, np.uint8))
    with closing(Eye(CameraSettings("belt", str(tmp_path / "p")), places)) as eye:
        seen = wait_for(lambda: eye.newest, "a picture")
        assert (seen.width, seen.height) == (4000, 500)
        assert decoded(seen).shape == (240, 1920, 3)
        wait_for(lambda: eye.newest.number > seen.number, "a folder begins anew")


def test_a_camera_that_is_away_says_why(places: Places, tmp_path: Path) -> None:
    with closing(Eye(CameraSettings("belt", str(tmp_path / "gone.mp4")), places)) as eye:
        wait_for(lambda: "no such file" in eye.said, "the reason")
        assert eye.newest is None
