"""A motion-JPEG body to pictures: however it is cut, whatever cameras get wrong, and within bounds."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stream.sources.multipart import HEADERS_MAX, PART_MAX, STEPS_MOST, JpegEnd, MultipartError, Part, Parts
from tests.http_camera import jpeg, part

BODIES = [jpeg(n, quality) for n, quality in ((0, 90), (1, 20), (2, 99))]
BORE = b"\xff\xd8\xff\xe0\x00\x04ab"  # a JPEG that was begun


def fed(data: bytes, *, step: int = 1 << 20, announced: str = "belt") -> list[Part]:
    parts = Parts(announced)
    return [one for at in range(0, len(data), step) for one in parts.feed(data[at : at + step])]


def bodies(data: bytes, *, step: int = 1 << 20, announced: str = "belt") -> list[bytes]:
    return [one.body for one in fed(data, step=step, announced=announced)]


def progressive() -> bytes:
    """With a thumbnail's end within its headers, and with several scans."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a picture's end \xff\xd9 within it"
    Image.open(io.BytesIO(BODIES[0])).save(out, "JPEG", progressive=True, exif=exif.tobytes() + b"\xff\xd9 more")
    return out.getvalue()


@settings(max_examples=25)
@given(st.integers(1, 5000))
def test_it_does_not_matter_how_the_network_cuts(step: int) -> None:
    sent = b"".join(part(body, length=length) for body, length in zip(BODIES, (-1, None, 7), strict=True))
    assert bodies(sent, step=step) == BODIES


@pytest.mark.parametrize("length", [-1, None, 0, 10**9, 5], ids=["true", "none", "0", "too large", "too small"])
def test_a_picture_is_given_with_its_last_byte_whatever_length_was_told(length: int | None) -> None:
    parts = Parts("belt")
    whole = part(BODIES[0], length=length).removesuffix(b"\r\n")
    assert list(parts.feed(whole[:-1])) == []
    assert [one.body for one in parts.feed(whole[-1:])] == [BODIES[0]]


@pytest.mark.parametrize("announced", ["belt", "--belt", "other", ""])
def test_the_boundary_that_comes_counts_and_not_the_one_that_was_announced(announced: str) -> None:
    assert bodies(b"".join(map(part, BODIES)), announced=announced) == BODIES


def test_a_boundary_without_dashes_is_one_where_it_was_announced() -> None:
    sent = b"".join(part(body).removeprefix(b"--") for body in BODIES)
    assert bodies(sent) == BODIES
    with pytest.raises(MultipartError, match="no boundary"):
        bodies(sent * 5, announced="other")


def test_lines_that_end_without_a_return_are_lines() -> None:
    sent = b"".join(b"\n--belt\nContent-Type: image/jpeg\n\n" + body for body in BODIES)
    assert bodies(sent) == BODIES


def test_ends_within_a_picture_are_not_its_end() -> None:
    assert bodies(part(progressive()) + part(BODIES[1]), step=100) == [progressive(), BODIES[1]]


def test_a_picture_that_was_cut_short_ends_where_the_next_begins_and_spoils_nothing() -> None:
    cut = BODIES[0][:-300]
    for length in (-1, None, len(BODIES[0])):
        assert bodies(part(cut, length=length) + part(BODIES[1])) == [cut, BODIES[1]]


def test_what_is_no_picture_is_no_picture() -> None:
    text = b"--belt\r\nContent-Type: text/plain\r\n\r\nstill here\r\n"
    assert bodies(text + part(b"") + part(BODIES[0]) + text + part(BODIES[1])) == [BODIES[0], BODIES[1]]


@pytest.mark.parametrize(
    ("stamp", "taken_utc_ns"),
    [
        ("1700000000.250000", 1_700_000_000_250_000_000),
        ("1700000000", 1_700_000_000_000_000_000),
        ("512.5", None),  # counts from the camera's start
        ("soon", None),
        ("1e99", None),
    ],
)
def test_the_cameras_own_time_is_taken_where_it_is_one(stamp: str, taken_utc_ns: int | None) -> None:
    (one,) = fed(part(BODIES[0], more=f"X-Timestamp: {stamp}\r\n"))
    assert one.taken_utc_ns == taken_utc_ns


@pytest.mark.parametrize(
    ("begin", "more", "said"),
    [
        (b"", b"x" * 1000 + b"\n", "no boundary"),
        (b"", b"x" * 1000, "no boundary"),
        (b"--belt\r\n", b"a: b\r\n" * 100, "headers of a picture"),
        (b"--belt\r\n\r\n", BORE * 4000, "a picture longer"),
        (b"--belt\r\n\r\n" + BORE, b"\xff" * 65536, "a picture longer"),
        (part(BODIES[0]), b"x" * 65536, "no boundary within"),
        (part(BODIES[0]), b"x\n" * 32768, "no boundary within"),
    ],
    ids=["lines", "one line", "headers", "no end", "no marker", "behind a picture", "lines behind a picture"],
)
def test_what_never_ends_is_refused_and_takes_no_memory(begin: bytes, more: bytes, said: str) -> None:
    parts = Parts("belt")
    list(parts.feed(begin))
    fed_bytes = 0
    with pytest.raises(MultipartError, match=said):
        while fed_bytes <= PART_MAX + 10 * HEADERS_MAX:
            list(parts.feed(more))
            fed_bytes += len(more)


@given(st.binary(max_size=400), st.integers(1, 50))
def test_whatever_is_fed_is_pictures_or_an_error(data: bytes, step: int) -> None:
    for begin in (b"", b"--belt\r\n\r\n\xff\xd8"):
        try:
            found = bodies(begin + data, step=step)
        except MultipartError:
            continue
        assert sum(map(len, found)) <= len(begin + data)


@settings(max_examples=25)
@given(st.integers(1, 300))
def test_the_end_of_a_picture_is_found_while_it_grows(step: int) -> None:
    for body in (*BODIES, progressive()):
        end, grown = JpegEnd(), bytearray()
        for at in range(0, len(body), step):
            assert end.find(grown) is None
            grown += body[at : at + step]
        assert end.find(grown + b"\r\n--belt") == len(body)


def test_fill_without_an_end_is_not_walked_through_for_ever() -> None:
    end, fill = JpegEnd(), b"\xff\xd8" + b"\xff" * (2 * STEPS_MOST)
    assert end.find(fill) is None
    assert end.find(fill + b"\xff\xd9") is None
