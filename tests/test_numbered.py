"""The numbered camera: whoever finds one of its pictures knows which it is and what its verdict must be."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.verdict import Box, State
from stream.judge import open_judge
from stream.settings import CameraSettings, InspectorSettings
from stream.sources.numbered import NumberedCamera, wish_in
from stream.sources.numbered_picture import BITS, LEAST, WIDEST, draw, is_bad, read_number
from stream.sources.source import SourceError
from tools.films import decode, encode
from tools.soak_stage import BUNDLE

FAST = "numbered:?seed=3&size=320x240&fps=500&bad=0.5"
numbers = st.integers(0, 2**BITS - 1)


def camera(address: str, **more: object) -> NumberedCamera:
    settings = CameraSettings("belt", address, **more)  # type: ignore[arg-type]
    return NumberedCamera(settings, address)


@given(number=numbers, bad=st.booleans(), height=st.integers(LEAST[1], 900), aspect=st.floats(1.0, WIDEST))
def test_the_number_is_read_from_the_picture(number: int, bad: bool, height: int, aspect: float) -> None:
    width = max(LEAST[0], int(height * aspect))
    assert read_number(draw(number, width, height, bad=bad)) == number


@pytest.mark.parametrize("size", [(320, 240), (640, 360)], ids=str)
def test_the_number_survives_jpeg_and_h264(size: tuple[int, int], tmp_path: Path) -> None:
    wanted = [0, 1, 4711, 2**BITS - 1, 699_050]
    pictures = [draw(number, *size, bad=number % 2 == 1) for number in wanted]
    jpegs = [cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1] for picture in pictures]
    assert [read_number(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)) for jpeg in jpegs] == wanted
    encode(pictures, tmp_path / "film.mp4", fps=5, crf=28, preset="ultrafast")
    assert [read_number(picture) for picture in decode(tmp_path / "film.mp4")] == wanted


def test_a_spoilt_number_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="bit 0 of the number cannot be read"):
        read_number(np.full((240, 320, 3), 128, np.uint8))


@given(seed=st.integers(0, 10**9), number=numbers, share=st.floats(0, 1))
def test_bad_is_a_share_of_a_hash(seed: int, number: int, share: float) -> None:
    digest = hashlib.sha256(f"{seed}|belt|{number}".encode()).digest()
    assert is_bad(seed, "belt", number, share) == (int.from_bytes(digest[:8], "big") / 2**64 < share)


def test_a_share_of_the_pictures_is_bad() -> None:
    assert 900 < sum(is_bad(7, "belt", number, 0.1) for number in range(10_000)) < 1100


@pytest.mark.parametrize("region", [None, Box(100, 80, 300, 200)], ids=["whole", "region"])
def test_the_bundle_of_the_soak_reads_the_mark(region: Box | None) -> None:
    wanted = InspectorSettings(bundle=BUNDLE, threads=1, engine="onnxruntime", device="cpu")
    judge = open_judge(wanted).judge
    for number in range(40):
        bad = is_bad(1, "belt", number, 0.5)
        verdict = judge(draw(number, 320, 240, bad=bad, region=region), region)
        assert verdict.state is (State.BAD if bad else State.GOOD), number


def test_the_camera_counts_from_nought_and_skips_nothing() -> None:
    with closing(camera(FAST)) as source:
        seen = [(picture.index, read_number(picture.pixels)) for picture in islice(source.pictures(7), 20)]
    assert seen == [(number, number) for number in range(20)]


@pytest.mark.parametrize(
    ("word", "said"),
    [("lose", "went away"), ("freeze", "has sent nothing for 0.2 s")],
    ids=["lost", "silent"],
)
def test_a_fault_that_is_ordered_ends_the_pictures_as_a_camera_would(word: str, said: str, tmp_path: Path) -> None:
    control = tmp_path / "control"
    with closing(camera(f"{FAST}&control={control}", silent_after_s=0.2)) as source:
        pictures = source.pictures()
        next(pictures)
        control.write_text(word)
        with pytest.raises(SourceError, match=said) as caught:
            next(pictures)
    assert not caught.value.final


def test_a_camera_that_is_away_cannot_be_opened_until_it_is_back(tmp_path: Path) -> None:
    control = tmp_path / "control"
    control.write_text("lose")
    with pytest.raises(SourceError, match="is away"):
        camera(f"{FAST}&control={control}")
    control.write_text("")
    with closing(camera(f"{FAST}&control={control}")) as source:
        assert next(source.pictures()).index == 0


def test_pictures_of_another_size_and_damaged_ones_keep_their_numbers(tmp_path: Path) -> None:
    control = tmp_path / "control"
    with closing(camera(f"{FAST}&control={control}")) as source:
        pictures = source.pictures()
        control.write_text("size 480x360")
        large = next(pictures)
        assert large.pixels.shape == (360, 480, 3) and read_number(large.pixels) == 0 and large.problem is None
        control.write_text("corrupt")
        damaged = next(pictures)
        assert damaged.problem == "decode_error" and damaged.index == 1
        control.write_text("no such word")
        assert next(pictures).problem is None


def test_a_camera_that_hangs_does_so_whatever_it_is_told(tmp_path: Path) -> None:
    control = tmp_path / "control"
    source = camera(f"{FAST}&control={control}", silent_after_s=0.1)
    pictures = source.pictures()
    control.write_text("hang")
    came: list[float] = []
    thread = threading.Thread(target=lambda: came.extend([time.monotonic() for _ in pictures]))
    thread.start()
    source.close()
    thread.join(0.3)
    assert thread.is_alive() and not came
    control.write_text("")
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "wish", ["sead=3", "fps=0", "fps=nan", "size=10x10", "size=1000x100", "bad=2", "seed=-1", "size=320"]
)
def test_a_wish_that_cannot_be_read_is_refused_for_good(wish: str) -> None:
    with pytest.raises(SourceError, match="numbered: cannot read") as caught:
        wish_in(f"numbered:?{wish}")
    assert caught.value.final
