"""An RTSP camera: read in order; each way in which it can fail is said plainly, in time, without its password."""

from __future__ import annotations

import itertools
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stream.settings import CameraSettings
from stream.sources.room import Room
from stream.sources.rtsp import RtspStream
from stream.sources.rtsp_packets import CodedPicture
from stream.sources.source import LeftOut, Picture, SourceError
from tests.line import wait_for
from tests.ports import free_port
from tests.recordings import numbered_frames, read_number, write_recording
from tests.rtsp import RtspServer, need_rtsp_server

FRAMES, FPS, GOP = 60, 25, 12
SILENT_S = 1.0  # the patience with a camera that is silent here
PATIENT_S = 60.0  # and with one that is not, or is to be found out by something else than its silence
FREEZES_S = 8.0  # and with one that freezes; before it does, no picture may be so late
WITHIN_S = PATIENT_S / 2
USER, PASSWORD = "admin", "s3cr:t@/?#% ü"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_rtsp_server()
    return write_recording(tmp_path_factory.mktemp("rtsp") / "belt.mp4", numbered_frames(FRAMES), FPS, gop=GOP)


@pytest.fixture(autouse=True)
def no_reader_is_left() -> Iterator[None]:
    yield
    wait_for(lambda: not readers(), "the end of every reader")


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rtsp"]


@pytest.fixture(scope="module")
def hevc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_rtsp_server()
    options = {"x265-params": "log-level=none:bframes=0:keyint=12:min-keyint=12:scenecut=0:open-gop=0"}
    path = tmp_path_factory.mktemp("hevc") / "belt.mp4"
    return write_recording(path, numbered_frames(FRAMES), FPS, gop=GOP, codec="libx265", options=options)


def stream(address: str, silent_after_s: float = PATIENT_S, transport: str = "tcp") -> RtspStream:
    """Each picture is wanted: on a slow machine none may be left out."""
    wish = CameraSettings("belt", address, policy="every", silent_after_s=silent_after_s, rtsp_transport=transport)
    return RtspStream(wish, address)


def pictures_of(camera: RtspStream) -> Iterator[Picture]:
    for given in camera.pictures():
        assert isinstance(given, Picture), f"left out: {given}"
        yield given


def first_pictures(address: str, count: int, transport: str = "tcp") -> list[Picture]:
    with closing(stream(address, transport=transport)) as camera:
        return list(itertools.islice(pictures_of(camera), count))


def failure(address: str, silent_after_s: float = PATIENT_S) -> tuple[SourceError, float]:
    """How a stream that never gives a picture fails, and after how many seconds."""
    began = time.monotonic()
    with closing(stream(address, silent_after_s)) as camera, pytest.raises(SourceError) as caught:
        next(iter(pictures_of(camera)))
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


def slow(camera: RtspStream, behind: Callable[[Room[CodedPicture]], bool]) -> Iterator[Picture | LeftOut]:
    """What a decoder is given that stood still after the first picture until it was as much behind."""
    given = camera.pictures()
    yield next(given)
    wait_for(lambda: behind(camera._room), "a decoder that is behind")
    yield from given


def test_what_waits_for_a_slow_decoder_bears_the_time_at_which_it_came(recording: Path) -> None:
    with RtspServer(recording) as server, closing(stream(server.address)) as camera:
        given = slow(camera, lambda room: room.waits_s() > 0.4)
        next(given)
        later = [one for one in itertools.islice(given, 20) if isinstance(one, Picture)]
        ended_ns = time.monotonic_ns()
    came = [one.arrived_mono_ns or ended_ns for one in later]
    assert numbers(later) == list(range(1, 21)) and came == sorted(came)
    assert came[0] < ended_ns - 0.4e9, "it is old, and says so"


def test_a_decoder_that_is_behind_goes_on_with_a_key_picture_and_the_rest_is_left_out_by_number(
    recording: Path,
) -> None:
    with RtspServer(recording) as server:
        wish = CameraSettings("belt", server.address, silent_after_s=PATIENT_S)
        with closing(RtspStream(wish, server.address)) as camera:
            found: list[Picture | LeftOut] = []
            for one in slow(camera, lambda room: room._left is not None and room._left.pictures >= 10):
                found.append(one)
                if counted(found) > 10 and isinstance(one, Picture) and isinstance(found[-2], LeftOut):
                    break
    *_, left, goes_on = found
    assert isinstance(left, LeftOut) and left.waited_s > wish.deadline_ms / 2000
    assert isinstance(goes_on, Picture) and goes_on.problem is None
    assert goes_on.index == counted(found) - 1
    assert read_number(goes_on.pixels) == goes_on.index % FRAMES and goes_on.index % GOP == 0


def counted(found: list[Picture | LeftOut]) -> int:
    return sum(one.pictures if isinstance(one, LeftOut) else 1 for one in found)


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


TRANSPORTS = pytest.mark.parametrize("transport", ["tcp", "udp"])


@TRANSPORTS
def test_h265_is_read_in_order(hevc: Path, transport: str) -> None:
    with RtspServer(hevc, fps=FPS) as server:
        pictures = first_pictures(server.address, 40, transport)
    assert numbers(pictures) == list(range(40)) and {picture.problem for picture in pictures} == {None}


@TRANSPORTS
@pytest.mark.parametrize("coded", ["recording", "hevc"])
def test_where_a_picture_never_arrives_nothing_older_is_shown_in_its_place(
    coded: str, transport: str, request: pytest.FixtureRequest
) -> None:
    """FFmpeg shows copies of earlier pictures then, and calls them whole."""
    with RtspServer(request.getfixturevalue(coded), lost=[16]) as server:
        pictures = first_pictures(server.address, 40, transport)
    assert {picture.problem for picture in pictures} == {None, "decode_error"}
    whole = [picture for picture in pictures if picture.problem is None]
    times = [round((picture.pts_s or 0.0) * FPS) for picture in whole]
    assert numbers(whole) == times == [n for n in range(times[-1] + 1) if n in times]
    assert not {17, 18, 19, 20, 21, 22, 23} & set(times) and set(range(15)) < set(times) and times[-1] > 3 * GOP
    if coded == "recording":
        assert sum(picture.lost for picture in pictures) == 1


@pytest.mark.parametrize("torn", [16, 24], ids=["between key pictures", "a key picture"])
@pytest.mark.parametrize("coded", ["recording", "hevc"])
def test_a_lost_packet_over_udp_spoils_its_picture_and_all_that_copy_from_it(
    coded: str, torn: int, request: pytest.FixtureRequest
) -> None:
    with RtspServer(request.getfixturevalue(coded), torn=[torn]) as server:
        pictures = first_pictures(server.address, 60, "udp")
    spoilt = {picture.index for picture in pictures if picture.problem == "decode_error"}
    if coded == "hevc" and torn == 16:  # so small that it is one packet: nothing is lost
        assert spoilt == set()
        return
    assert spoilt >= set(range(torn, (torn // GOP + 1) * GOP)) and len(spoilt) < 3 * GOP
    whole = [picture for picture in pictures if picture.index not in spoilt]
    assert numbers(whole) == [picture.index for picture in whole] and whole[-1].index > 3 * GOP


def test_the_cameras_own_time_comes_with_its_first_report(recording: Path) -> None:
    with RtspServer(recording) as server, closing(stream(server.address)) as camera:
        began_ns = time.time_ns()
        pictures = pictures_of(camera)
        assert next(pictures).taken_utc_ns is None, "no report is there before the first picture"
        first = next(picture for picture in pictures if picture.taken_utc_ns is not None)
        second = next(pictures)
    ended_ns = time.time_ns()
    assert first.taken_utc_ns is not None and second.taken_utc_ns is not None
    assert second.taken_utc_ns - first.taken_utc_ns == pytest.approx(1e9 / FPS, abs=2e6)
    assert began_ns - 5e9 < first.taken_utc_ns < ended_ns, "on this computer both have one clock"


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
        error, after_s = failure(f"rtsp://admin:s3cret@127.0.0.1:{port}/belt", SILENT_S)
        server.join(60)
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
            pictures = pictures_of(camera)
            assert numbers(list(itertools.islice(pictures, 10))) == list(range(10))
            server.kill()
            _, error, silent_s = read_until_failure(pictures)
        assert "the camera ended the stream" in str(error) and not error.final and silent_s < WITHIN_S
        server.start()
        assert numbers(first_pictures(server.address, 5)) == [0, 1, 2, 3, 4]


def test_a_camera_that_freezes_is_noticed_in_time(recording: Path) -> None:
    with RtspServer(recording) as server, closing(stream(server.address, FREEZES_S)) as camera:
        pictures = pictures_of(camera)
        assert numbers(list(itertools.islice(pictures, 10))) == list(range(10))
        server.freeze()
        _, error, silent_s = read_until_failure(pictures)
        server.thaw()
    assert "does it still work" in str(error) and not error.final and FREEZES_S * 0.9 < silent_s < WITHIN_S


def test_a_camera_that_ends_its_stream_is_no_file_that_is_over(recording: Path) -> None:
    with RtspServer(recording, once=True, fps=100) as server, closing(stream(server.address)) as camera:
        count, error, _ = read_until_failure(pictures_of(camera))
    assert count == FRAMES and "ended the stream" in str(error)


@pytest.mark.parametrize("frozen", [False, True], ids=["running", "frozen"])
def test_closing_from_another_thread_ends_the_pictures_at_once(recording: Path, frozen: bool) -> None:
    with RtspServer(recording) as server:
        camera = stream(server.address)
        pictures = pictures_of(camera)
        assert read_number(next(pictures).pixels) == 0
        if frozen:
            server.freeze()
        closing_thread = threading.Timer(0.2, camera.close)
        began = time.monotonic()
        closing_thread.start()
        left = list(pictures)
        assert time.monotonic() - began < WITHIN_S
        assert numbers(left) == list(range(1, 1 + len(left)))
        closing_thread.join()


def test_closing_twice_or_before_the_first_picture_does_no_harm() -> None:
    camera = stream("rtsp://127.0.0.1:9/belt")
    camera.close()
    camera.close()
    assert list(pictures_of(camera)) == []


def test_what_ffmpeg_logs_reaches_nobody(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """It is read for losses, and names the address with the password."""
    with caplog.at_level(0):
        for _ in range(2):
            failure(f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/belt")
    assert caplog.records == [] and capfd.readouterr() == ("", "")


def test_the_same_loss_twice_is_two_losses(recording: Path) -> None:
    """FFmpeg's log leaves out a line that is as the last."""
    with RtspServer(recording, torn=[16, 40]) as server:
        pictures = first_pictures(server.address, 90, "udp")
    spoilt = {picture.index for picture in pictures if picture.problem is not None}
    assert {16, 40} <= spoilt and not {35, 36, 37, 38, 39} & spoilt
