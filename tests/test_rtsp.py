"""An RTSP camera: read in order; each way in which it can fail is said plainly, in time, without its password."""

from __future__ import annotations

import itertools
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stream.settings import CameraSettings
from stream.sources.rtsp import RtspStream
from stream.sources.source import Picture, SourceError
from tests.line import wait_for
from tests.recordings import numbered_frames, read_number, write_recording
from tests.rtsp import RtspServer, need_rtsp_server

FRAMES, FPS, GOP = 60, 25, 12
SILENT_S = 1.0
WITHIN_S = SILENT_S + 1.0
USER, PASSWORD = "admin", "s3cr:t@/?#% ü"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_rtsp_server()
    return write_recording(tmp_path_factory.mktemp("rtsp") / "belt.mp4", numbered_frames(FRAMES), FPS, gop=GOP)


@pytest.fixture(autouse=True)
def no_reader_is_left() -> Iterator[None]:
    yield
    wait_for(lambda: not readers(), "the end of every reader", 2 * WITHIN_S)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rtsp"]


def stream(address: str) -> RtspStream:
    return RtspStream(CameraSettings("belt", address, silent_after_s=SILENT_S), address)


def first_pictures(address: str, count: int) -> list[Picture]:
    with closing(stream(address)) as camera:
        return list(itertools.islice(camera.pictures(), count))


def failure(address: str) -> tuple[SourceError, float]:
    """How a stream that never gives a picture fails, and after how many seconds."""
    began = time.monotonic()
    with closing(stream(address)) as camera, pytest.raises(SourceError) as caught:
        next(iter(camera.pictures()))
    return caught.value, time.monotonic() - began


def numbers(pictures: list[Picture]) -> list[int]:
    return [read_number(picture.pixels) for picture in pictures]


def test_pictures_come_in_order_with_their_index_and_time(recording: Path) -> None:
    with RtspServer(recording, fps=FPS) as server:
        pictures = first_pictures(server.address, 75)
    assert numbers(pictures) == [n % FRAMES for n in range(75)]
    assert [picture.index for picture in pictures] == list(range(75))
    assert [picture.pts_s for picture in pictures] == pytest.approx([n / FPS for n in range(75)], abs=0.002)
    assert {picture.problem for picture in pictures} == {None}
    assert pictures[0].pixels.shape == (240, 320, 3) and pictures[0].pixels.dtype == np.uint8


def test_who_joins_between_two_key_frames_begins_with_a_whole_picture(recording: Path) -> None:
    with RtspServer(recording, first=5) as server:
        pictures = first_pictures(server.address, 20)
    assert numbers(pictures) == list(range(GOP, GOP + 20))
    assert [(picture.index, picture.problem) for picture in pictures] == [(n, None) for n in range(20)]
    assert pictures[0].pts_s == 0.0


def test_a_damaged_picture_is_named_and_so_is_every_one_that_copies_from_it(recording: Path) -> None:
    with RtspServer(recording, damaged=[16]) as server:
        pictures = first_pictures(server.address, 40)
    assert [picture.index for picture in pictures if picture.problem == "decode_error"] == list(range(16, 2 * GOP))
    assert {picture.problem for picture in pictures} == {None, "decode_error"}
    whole = [picture for picture in pictures if picture.problem is None]
    assert numbers(whole) == [picture.index for picture in whole]


def test_the_password_opens_the_stream_whatever_signs_are_in_it(recording: Path) -> None:
    with RtspServer(recording, user=USER, password=PASSWORD) as server:
        assert numbers(first_pictures(server.address_with(USER, PASSWORD), 3)) == [0, 1, 2]


@pytest.mark.parametrize("password", ["wr0ng@/?#%", None], ids=["wrong password", "no login"])
def test_a_refused_login_is_said_plainly_and_never_with_the_password(recording: Path, password: str | None) -> None:
    with RtspServer(recording, user=USER, password=PASSWORD) as server:
        address = server.address if password is None else server.address_with(USER, password)
        error, after_s = failure(address)
    assert "wrong user name or password" in str(error) and "password_file" in str(error)
    assert not error.final and after_s < WITHIN_S
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert "wr0ng" not in told


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_a_camera_that_is_off_is_said_plainly_and_in_time() -> None:
    error, after_s = failure(f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/belt")
    assert "nothing listens there" in str(error) and not error.final and after_s < WITHIN_S
    assert "s3cret" not in "".join(traceback.format_exception(error))


def test_a_name_that_nobody_has_is_said_plainly() -> None:
    error, _ = failure("rtsp://camera.invalid/belt")
    assert "camera.invalid" in str(error) and not error.final


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n<html>hello</html>"], ids=["silence", "a web page"])
def test_something_else_at_that_port_is_said_in_time(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        connections = []

        def serve() -> None:
            connection, _ = listening.accept()
            connection.sendall(answer)
            connections.append(connection)

        server = threading.Thread(target=serve)
        server.start()
        error, after_s = failure(f"rtsp://admin:s3cret@127.0.0.1:{port}/belt")
        server.join(5)
        connections[0].close()
    assert after_s < WITHIN_S and not error.final
    assert "s3cret" not in "".join(traceback.format_exception(error))


def test_a_stream_of_another_name_is_said_plainly(recording: Path) -> None:
    with RtspServer(recording) as server:
        error, _ = failure(server.address + "2")
    assert "no stream of that name" in str(error)


def read_until_failure(pictures: Iterator[Picture]) -> tuple[int, SourceError, float]:
    """How many pictures there were, what the failure was, and the seconds between the last picture and it."""
    count, last = 0, time.monotonic()
    try:
        for _ in pictures:
            count, last = count + 1, time.monotonic()
    except SourceError as error:
        return count, error, time.monotonic() - last
    raise AssertionError("a camera never ends without a SourceError")


def test_a_camera_that_dies_is_noticed_at_once_and_is_back_after_its_restart(recording: Path) -> None:
    with RtspServer(recording) as server:
        with closing(stream(server.address)) as camera:
            pictures = camera.pictures()
            assert numbers(list(itertools.islice(pictures, 10))) == list(range(10))
            server.kill()
            _, error, silent_s = read_until_failure(pictures)
        assert "the camera ended the stream" in str(error) and not error.final and silent_s < 0.5
        server.start()
        assert numbers(first_pictures(server.address, 5)) == [0, 1, 2, 3, 4]


def test_a_camera_that_freezes_is_noticed_in_time(recording: Path) -> None:
    with RtspServer(recording) as server, closing(stream(server.address)) as camera:
        pictures = camera.pictures()
        assert numbers(list(itertools.islice(pictures, 10))) == list(range(10))
        server.freeze()
        _, error, silent_s = read_until_failure(pictures)
        server.thaw()
    assert "no answer" in str(error) and not error.final and SILENT_S * 0.9 < silent_s < WITHIN_S


def test_a_camera_that_ends_its_stream_is_no_file_that_is_over(recording: Path) -> None:
    with RtspServer(recording, once=True, fps=100) as server, closing(stream(server.address)) as camera:
        count, error, _ = read_until_failure(camera.pictures())
    assert count == FRAMES and "ended the stream" in str(error)


@pytest.mark.parametrize("frozen", [False, True], ids=["running", "frozen"])
def test_closing_from_another_thread_ends_the_pictures_at_once(recording: Path, frozen: bool) -> None:
    with RtspServer(recording) as server:
        camera = stream(server.address)
        pictures = camera.pictures()
        assert read_number(next(pictures).pixels) == 0
        if frozen:
            server.freeze()
        closing_thread = threading.Timer(0.2, camera.close)
        began = time.monotonic()
        closing_thread.start()
        left = list(pictures)
        assert time.monotonic() - began < 0.5
        assert numbers(left) == list(range(1, 1 + len(left)))
        closing_thread.join()


def test_closing_twice_or_before_the_first_picture_does_no_harm() -> None:
    camera = stream("rtsp://127.0.0.1:9/belt")
    camera.close()
    camera.close()
    assert list(camera.pictures()) == []
