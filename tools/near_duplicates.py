"""Which pictures show the same thing twice: a part photographed again, a crop moved by some pixels, a turned copy.

Pure; knows no files. Pictures of one cluster must not stand on both sides of a split, or validation flatters.

A picture becomes a thumbnail of 32x32 without its lighting and its finest detail, its contrast evened out (Jarrett et
al. 2009, "What is the best multi-stage architecture for object recognition?"). Two pictures are alike by the highest
normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation") over shifts of up to 3 of the 32 pixels,
in steps of a half, and over the four quarter turns. Hashes of the lowest frequencies (Zauner 2010, "Implementation and
benchmarking of perceptual image hash functions") are cheaper, but know neither shifts nor turns; docs/training.md has
how one fared. Compared so are only the pictures whose amplitude spectra are nearest: those do not change with a shift
(Reddy and Chatterji 1996, doi 10.1109/83.506761), and one product of matrices ranks them all. What `ALIKE` was chosen
by stands in docs/training.md too; tests/test_near_duplicates.py measures it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

SIDE = 32  # px of a thumbnail
BAND = 12  # periods a side: finer ones than this change when a crop moves by half a thumbnail pixel
COARSE_BAND = 8  # periods a side, for the ranking: beyond them noise ranks
FAINT_GREY = 4.0  # local contrast below this is left faint, so that a sensor's noise is not made a picture
REACH = 3  # thumbnail px that a crop may have moved: a tenth of its side
ALIKE = 0.90  # cross-correlation from which two pictures count as one
NEIGHBOURS = 32  # compared with each picture; more copies than this hang together through each other
BLOCK = 1024  # pictures or pairs at a time, so that memory does not grow with the square


def _within(band: int) -> np.ndarray:
    """(32, 17) bool: the frequencies of a half spectrum inside a circle."""
    y, x = np.meshgrid(np.fft.fftfreq(SIDE, 1 / SIDE), np.arange(SIDE // 2 + 1), indexing="ij")
    return (y**2 + x**2 <= band**2) & (y**2 + x**2 > 0)  # the mean is light, not a picture


def _blurred(small: np.ndarray) -> np.ndarray:
    blurred: np.ndarray = cv2.GaussianBlur(small, (0, 0), SIDE / 8, borderType=cv2.BORDER_REFLECT)
    return blurred


KEPT, RANKED = _within(BAND), _within(COARSE_BAND)
TAPER = np.sqrt(np.outer(*[np.hanning(SIDE + 2)[1:-1]] * 2)).astype(np.float32)


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """(32, 32) float32 of unit length, of a (H, W, 3) uint8 BGR picture; zeros where it shows nothing at all."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    # With the blurred part, all pictures under one lamp would be alike; with contrast as it is, all plates of a shape.
    small -= _blurred(small)
    small /= np.sqrt(_blurred(small**2) + FAINT_GREY**2)
    small *= TAPER  # what comes in at one side must not be held against what leaves at the other
    small = np.fft.irfft2(np.fft.rfft2(small) * KEPT, s=(SIDE, SIDE)).astype(np.float32)
    length = float(np.linalg.norm(small))
    return small / length if length > 1e-3 else np.zeros_like(small)


def likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N,) cross-correlation, at most 1, of N pairs of (N, 32, 32) thumbnails at their best shift, not turned."""
    return _highest(_spectrum(first) * np.conj(_spectrum(second)))


def clusters(thumbnails: np.ndarray, copies: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    """(N,) int: for each of (N, 32, 32) thumbnails the lowest index in its cluster.

    Who is alike shares a cluster, and so do those alike to either. copies: pairs that are one, whatever they look like.
    """
    first, second = _nearest(thumbnails)
    upright = _spectrum(thumbnails)
    alike = np.zeros(len(first), bool)
    for turn in range(4):
        turned = np.conj(_spectrum(np.rot90(thumbnails, turn, (1, 2))))
        for start in range(0, len(first), BLOCK):
            piece = slice(start, start + BLOCK)
            alike[piece] |= _highest(upright[first[piece]] * turned[second[piece]]) >= ALIKE
    return joined(len(thumbnails), [*zip(first[alike].tolist(), second[alike].tolist(), strict=True), *copies])


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """(count,) int: the lowest index that each hangs together with by pairs (union-find, with halving of paths)."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return np.array([root(node) for node in range(count)], int)


def _spectrum(thumbnails: np.ndarray) -> np.ndarray:
    """(N, 25, 13) complex64: the frequencies that a thumbnail has, those of the other half being their conjugates."""
    whole = np.fft.rfft2(thumbnails)
    return whole[:, np.r_[0 : BAND + 1, -BAND:0], : BAND + 1].astype(np.complex64)


def _highest(products: np.ndarray) -> np.ndarray:
    """(N,) the highest correlation within `REACH`, of (N, 25, 13) products of spectra.

    The few shifts are summed up directly, in steps of half a pixel: whole steps lose up to a fifth of the height.
    """
    shifts = np.arange(-2 * REACH, 2 * REACH + 1) / 2
    down, across = np.r_[0 : BAND + 1, -BAND:0], np.arange(BAND + 1)
    rows = np.exp(2j * np.pi / SIDE * np.outer(shifts, down)).astype(np.complex64)
    columns = np.exp(2j * np.pi / SIDE * np.outer(across, shifts)) * np.where(across, 2, 1)[:, None] / SIDE**2
    found: np.ndarray = (rows @ (products @ columns.astype(np.complex64))).real.max(axis=(1, 2))
    return found


def _amplitudes(thumbnails: np.ndarray) -> np.ndarray:
    """(N, D) float32: what a shift leaves of a picture, evened out so that the strongest stroke does not rank alone."""
    return np.sqrt(np.abs(np.fft.rfft2(thumbnails)[:, RANKED])).astype(np.float32)


def _nearest(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (P,), (P,) of the pairs worth comparing: each picture with its nearest by amplitudes, in either turn."""
    count = len(thumbnails)
    if count < 2:
        return np.zeros(0, int), np.zeros(0, int)
    upright, turned = _amplitudes(thumbnails), _amplitudes(np.rot90(thumbnails, 1, (1, 2)))
    middle = (upright.mean(axis=0) + turned.mean(axis=0)) / 2  # what all share tells nothing
    upright, turned = _unit(upright - middle), _unit(turned - middle)
    pairs = np.concatenate(list(_ranked(upright, turned, min(NEIGHBOURS, count - 1))))
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    code = np.unique(low * count + high)
    return code // count, code % count


def _ranked(upright: np.ndarray, turned: np.ndarray, wanted: int) -> Iterator[np.ndarray]:
    """Blocks of (M, 2) int: each picture with its `wanted` nearest."""
    count = len(upright)
    for start in range(0, count, BLOCK):
        rows = np.arange(start, min(start + BLOCK, count))
        near = np.maximum(upright[rows] @ upright.T, upright[rows] @ turned.T)
        near[np.arange(len(rows)), rows] = -np.inf
        best = np.argpartition(-near, wanted - 1, axis=1)[:, :wanted]
        yield np.stack([np.repeat(rows, wanted), best.ravel()], axis=1)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
