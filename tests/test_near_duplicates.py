"""What counts as the same picture twice, on drawn ones; `-s -v -k measured` prints the figures of docs/training.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations

import cv2
import numpy as np
import pytest

from detector.verdict import State
from stream.sources.synthetic.belt import Belt
from stream.sources.synthetic.crop import tight_crop
from stream.sources.synthetic.fonts import shipped_fonts
from tools.near_duplicates import ALIKE, clusters, likeness, thumbnail

CROPS = 60
OF_FOUR_CODES = 200
SMOOTH = 2000


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    """Tight crops of different codes, all unlike."""
    draw = (
        tight_crop(np.random.default_rng([17, i]), shipped_fonts(), State(("GOOD", "BAD")[i % 2])) for i in range(CROPS)
    )
    return [crop.picture for crop in draw]


@pytest.fixture(scope="module")
def belts() -> list[list[np.ndarray]]:
    """The judged square of neighbouring frames, three of each of the first parts of some belts."""
    seen = []
    for seed in range(4):
        belt = Belt(366, 366, 25.0, seed, region_px=350)
        box = belt.region
        for part in belt.truth(130).parts[:3]:
            middle = (part.first_seq + part.last_seq) // 2
            frames = [belt.frame(seq) for seq in range(middle - 1, middle + 2)]
            seen.append([np.ascontiguousarray(frame[box.y0 : box.y1, box.x0 : box.x1]) for frame in frames])
    return seen


def moved(px: int) -> Callable[[np.ndarray], np.ndarray]:
    """The picture less what the other crop, of the same size and px further up and left, has not."""
    return lambda picture: picture[px:, px:]


def lit(gain: float, offset: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda picture: np.clip(picture * gain + offset, 0, 255).astype(np.uint8)


def jpeg(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda picture: cv2.imdecode(
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR
    )


def turned(angle_deg: float) -> Callable[[np.ndarray], np.ndarray]:
    def turn(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1)
        return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)

    return turn


def halved(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def uncut(picture: np.ndarray) -> np.ndarray:
    return picture


def less(px: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda picture: picture[:-px, :-px]


# (name, one photograph, the other)
PAIRS = [
    ("crop moved by 2 px", less(2), moved(2)),
    ("crop moved by 4 px", less(4), moved(4)),
    ("crop moved by 6 px", less(6), moved(6)),
    ("40 % darker", uncut, lit(0.6, 0)),
    ("JPEG quality 40", uncut, jpeg(40)),
    ("half the size", uncut, halved),
    ("turned by 1 degree", uncut, turned(1)),
    ("turned by 2 degrees", uncut, turned(2)),
]


def likenesses(first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray:
    return likeness(np.stack([thumbnail(p) for p in first]), np.stack([thumbnail(p) for p in second]))


def between(pictures: list[np.ndarray]) -> np.ndarray:
    """The likeness of every two, in the best of the quarter turns."""
    thumbnails = np.stack([thumbnail(picture) for picture in pictures])
    first, second = np.array(list(combinations(range(len(pictures)), 2))).T
    turns = [likeness(thumbnails[first], np.rot90(thumbnails[second], turn, (1, 2))) for turn in range(4)]
    return np.max(turns, axis=0)


@pytest.mark.parametrize(("one", "other"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_the_same_part_seen_twice_is_measured_above_the_threshold(crops, one, other) -> None:
    found = np.sort(likenesses([one(crop) for crop in crops], [other(crop) for crop in crops]))
    print(f"{found[0]:.3f} {found[len(found) // 20]:.3f} {np.median(found):.3f}", end=" ")
    assert (found >= ALIKE).mean() >= 0.95


def test_neighbouring_frames_of_a_belt_are_measured_above_the_threshold(belts) -> None:
    found = np.concatenate([likenesses([seen[i] for seen in belts], [seen[i + 1] for seen in belts]) for i in (0, 1)])
    print(f"{found.min():.3f} {np.median(found):.3f}", end=" ")
    assert found.min() >= ALIKE


def test_different_codes_are_measured_far_below_the_threshold(crops, belts) -> None:
    of_crops, of_belts = between(crops), between([seen[1] for seen in belts])
    print(f"crops {of_crops.max():.3f} belts {of_belts.max():.3f}", end=" ")
    assert max(of_crops.max(), of_belts.max()) < ALIKE - 0.05


def dct_hash(picture: np.ndarray) -> np.ndarray:
    """64 bits: the signs of the 8 x 8 lowest frequencies about their median."""
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8].ravel()
    return low > np.median(low)


def test_a_hash_of_low_frequencies_measured_beside_it_does_not_tell_them_apart(crops) -> None:
    same = [int((dct_hash(less(6)(crop)) != dct_hash(moved(6)(crop))).sum()) for crop in crops]
    hashes = [dct_hash(crop) for crop in crops]
    other = [int((one != two).sum()) for one, two in combinations(hashes, 2)]
    print(f"same, worst twentieth {np.percentile(same, 95):.0f} of 64 bits, other {min(other)}", end=" ")
    assert np.percentile(same, 95) > min(other), "no threshold would join the one and keep the other apart"


def test_every_copy_shares_the_cluster_of_its_picture_and_no_other(crops) -> None:
    copies = [
        *crops,
        *(jpeg(60)(np.rot90(crop).copy()) for crop in crops),
        *(lit(0.8, 10)(np.rot90(less(3)(crop), 2).copy()) for crop in crops),
        *(np.rot90(moved(3)(crop), 3).copy() for crop in crops),
    ]
    found = clusters(np.stack([thumbnail(copy) for copy in copies])).reshape(4, CROPS)
    together = (found == found[0]).all(axis=0)
    assert together.mean() >= 0.95
    assert np.array_equal(found[0], np.arange(CROPS)), "two codes share a cluster"


def test_what_hangs_together_through_others_is_one_cluster() -> None:
    rng = np.random.default_rng(4)
    wide = cv2.GaussianBlur(rng.integers(0, 256, (200, 500, 3)).astype(np.uint8), (0, 0), 4)
    walk = [thumbnail(wide[:, x : x + 200]) for x in range(0, 200, 5)]
    ends = np.stack([walk[0], walk[-1]])
    assert likeness(ends[:1], ends[1:])[0] < ALIKE
    assert set(clusters(np.stack(walk)).tolist()) == {0}
    assert clusters(ends).tolist() == [0, 1]


def test_parts_of_few_codes_measured_by_the_hundred_do_not_swallow_each_other(monkeypatch) -> None:
    four = ("72R0", "68P0", "69T0", "83P1")
    monkeypatch.setattr("stream.sources.synthetic.codes.random_text", lambda rng: four[rng.integers(4)])
    draw = (tight_crop(np.random.default_rng([6, i]), shipped_fonts()[:1], State.GOOD) for i in range(OF_FOUR_CODES))
    found = clusters(np.stack([thumbnail(crop.picture) for crop in draw]))
    sizes = np.unique(found, return_counts=True)[1]
    print(f"{len(sizes)} clusters, the largest of {sizes.max()}", end=" ")
    assert sizes.max() <= OF_FOUR_CODES // 20


def test_pairs_known_to_be_copies_are_joined_whatever_they_look_like() -> None:
    blank = thumbnail(np.full((50, 50, 3), 120, np.uint8))
    assert not blank.any()
    assert clusters(np.stack([blank] * 4), [(3, 1)]).tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize("count", [1, 2])
def test_few_pictures_are_clustered_too(crops, count: int) -> None:
    assert clusters(np.stack([thumbnail(crop) for crop in crops[:count]])).tolist() == list(range(count))


def test_time_and_clusters_stay_bounded_with_thousands_of_pictures() -> None:
    rng = np.random.default_rng(5)
    smooth = [cv2.GaussianBlur(rng.integers(0, 256, (40, 40, 3)).astype(np.uint8), (0, 0), 2) for _ in range(SMOOTH)]
    thumbnails = np.stack([thumbnail(picture) for picture in smooth])
    began_s = time.process_time()  # others may have the cores
    found = clusters(np.concatenate([thumbnails, thumbnails[:500]]))
    took_s = time.process_time() - began_s
    assert len(set(found.tolist())) == SMOOTH and np.array_equal(found[SMOOTH:], found[:500])
    assert took_s < 10, "10,000 would take more than a minute"
