"""What the doctor complains of in cameras: each complaint is provoked, and its words are read."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.doctor import reach
from stream.doctor import trial as cameras
from stream.doctor.camera import judge
from stream.doctor.complaint import Diagnosis
from stream.doctor.tally import Tally
from stream.doctor.trial import Tried, try_all
from stream.settings import CameraSettings
from stream.sources.source import LeftOut, Picture, Waiting
from tests.ports import free_port

ROOT = Path("/")


def tried(source: str, **settings: object) -> Tried:
    camera = CameraSettings("belt", source, **settings)  # type: ignore[arg-type]
    return try_all((camera,), ROOT)["belt"]


def only(found: Tried | tuple[Diagnosis, ...]) -> Diagnosis:
    (diagnosis,) = found.diagnoses if isinstance(found, Tried) else found
    return diagnosis


@contextlib.contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """Something that listens: `answer` to whoever comes; None: it says nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        guests: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    guest, _ = listening.accept()
                    guests.append(guest)
                    while answer is not None and (request := guest.recv(4096)):
                        number = request.partition(b"CSeq: ")[2].partition(b"\r\n")[0]
                        guest.sendall(answer + b"\r\nCSeq: " + number + b"\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{listening.getsockname()[1]}/belt"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for guest in guests:
                with contextlib.suppress(OSError):
                    guest.shutdown(socket.SHUT_RDWR)
                guest.close()
            thread.join()


def test_a_name_that_nobody_knows() -> None:
    found = only(tried(f"rtsp://{'a' * 70}/belt"))
    assert (found.complaint, found.severity, found.path) == ("camera-name-unknown", "error", "cameras.belt.source")
    assert "nobody knows the name aaa" in found.found and "getent hosts aaa" in found.todo


def test_a_port_on_which_nothing_listens() -> None:
    port = free_port()
    found = only(tried(f"rtsp://127.0.0.1:{port}/belt"))
    assert found.complaint == "camera-port-closed"
    assert f"nothing listens on its port {port}" in found.found and "correct the port" in found.todo


def test_a_camera_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue of connections that is full: the kernel lets further ones wait, as for a computer that is off."""
    monkeypatch.setattr(reach, "ANSWER_S", 0.1)
    with socket.socket() as listening, contextlib.ExitStack() as guests:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            guest = guests.enter_context(socket.socket())
            guest.setblocking(False)
            guest.connect_ex(listening.getsockname())
        found = only(tried(f"rtsp://127.0.0.1:{listening.getsockname()[1]}/belt"))
    assert found.complaint == "camera-no-answer"
    assert "nothing answers at 127.0.0.1" in found.found and "ping -c 3 127.0.0.1" in found.todo


def test_a_camera_that_refuses_the_password() -> None:
    refusal = b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="c"'
    with server(refusal) as address:
        found = only(tried(address))
    assert (found.complaint, found.path) == ("camera-login", "cameras.belt.username")
    assert "refuses the user name or the password" in found.found and "password_file" in found.todo


def test_a_camera_that_does_not_open_and_a_watched_folder_that_is_none(tmp_path: Path) -> None:
    with server(b"RTSP/1.0 500 Internal Server Error") as address:
        found = only(tried(address))
    assert found.complaint == "camera-does-not-open" and "it cannot be opened: rtsp://127.0.0.1" in found.found
    (tmp_path / "file").write_text("")
    gone = only(tried(f"watch:{tmp_path / 'file'}"))
    assert gone.complaint == "camera-does-not-open" and "Not a directory" in gone.found
    assert tried(f"watch:{tmp_path}").diagnoses == (), "its pictures are the line's, and are left alone"


def test_a_camera_that_hangs_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "HANGS_S", 0.3)
    with server(None) as address:
        found = only(tried(address, silent_after_s=30))
    assert found.complaint == "camera-hangs" and "0.3 s after it was opened" in found.found


def test_damaged_pictures_are_counted(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((48, 64, 3), 90, np.uint8))
    (tmp_path / "b.png").write_bytes(b"not a picture")
    found = only(tried(str(tmp_path)))
    assert found.complaint == "camera-damaged" and "1 of 2 pictures came in damaged (decode_error)" in found.found


@pytest.mark.parametrize(
    ("level", "complaint", "words", "todo"),
    [(0, "camera-black", "black", "cap off the lens"), (255, "camera-blinded", "burnt out", "close the aperture")],
)
def test_a_picture_in_which_nothing_can_be_seen(
    level: int, complaint: str, words: str, todo: str, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((48, 64, 3), level, np.uint8))
    found = only(tried(str(tmp_path)))
    assert (found.complaint, found.severity) == (complaint, "error")
    assert words in found.found and todo in found.todo


def test_a_camera_that_is_slower_and_smaller_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "MEASURE_S", 1.5)
    found = tried("synthetic:?fps=20&size=320x240", fps=900, width=640, height=480)
    told = {one.complaint: one for one in found.diagnoses}
    assert set(told) == {"camera-sees", "camera-slow", "camera-other-size"}
    assert "320x240 px" in told["camera-sees"].found and told["camera-sees"].severity == "note"
    assert "900 were asked for" in told["camera-slow"].found and "fps: " in told["camera-slow"].todo
    assert "the pictures are 320x240 px, 640x480 px were asked for" in told["camera-other-size"].found
    assert (found.seen.width, found.seen.height) == (320, 240) and found.seen.rate > 0


class TooQuick:
    """A camera of which one picture in six is decoded in time."""

    def pictures(self, _: int = 0) -> Iterator[Picture | LeftOut]:
        for index in range(8):
            yield LeftOut(5, 1, 0.6)
            yield Picture(np.full((48, 64, 3), 90, np.uint8), index, None)

    def close(self) -> None: ...


def test_a_camera_that_sends_more_than_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out counts for its rate, and is no picture that could be a repeated one."""
    monkeypatch.setattr(cameras, "open_source", lambda *_: TooQuick())
    monkeypatch.setattr(cameras, "MEASURE_S", 1000.0)
    camera, tally = CameraSettings("belt", "0"), Tally()
    cameras._take(camera, tally)
    told = {one.complaint: one for one in judge(camera, tally)}
    assert set(told) == {"camera-sees", "camera-too-many-pictures", "camera-frozen"}
    assert "40 of 48 pictures were left out" in told["camera-too-many-pictures"].found
    assert told["camera-too-many-pictures"].severity == "warning"
    assert replace(tally, first_s=0.0, last_s=4.7).rate == pytest.approx(10.0)


def test_a_live_camera_that_repeats_a_picture() -> None:
    tally = Tally()
    for index in range(8):
        tally.take(Picture(np.full((48, 64, 3), 90, np.uint8), index, None), index / 25)
    told = {one.complaint: one for one in judge(CameraSettings("belt", "0"), tally)}
    assert "all 8 pictures are the same" in told["camera-frozen"].found
    assert told["camera-sees"].found == "64x48 px, 25.0 pictures a second"
    assert not list(judge(CameraSettings("belt", "belt.mp4"), tally)), "in a recording a still scene is nothing odd"


def test_a_camera_that_waits_for_its_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient:
        def pictures(self, first_index: int = 0) -> Iterator[Waiting]:
            while True:
                yield Waiting("a trigger on Line1")

        def close(self) -> None: ...

    monkeypatch.setattr(cameras, "MEASURE_S", 0.05)
    monkeypatch.setattr(cameras, "open_source", lambda camera, address: Patient())
    found = only(tried("0"))
    assert (found.complaint, found.severity) == ("camera-waits", "note") and "a trigger on Line1" in found.found


def test_what_comes_in_is_measured_where_the_camera_may_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("eth0", "5"), ("eth1", "9")):
        folder = tmp_path / "sys/class/net" / name
        (folder / "statistics").mkdir(parents=True)
        (folder / "device").write_text("")
        (folder / "operstate").write_text("up\n")
        (folder / "statistics/rx_bytes").write_text(count)

    def take(camera: CameraSettings, tally: Tally) -> None:
        if camera.name == "belt":
            (tmp_path / "sys/class/net/eth1/statistics/rx_bytes").write_text("90000009")

    monkeypatch.setattr(cameras, "_take", take)
    seen = try_all((CameraSettings("belt", "aravis:first"), CameraSettings("usb", "0")), tmp_path)
    assert (seen["belt"].seen.interface, seen["usb"].seen.interface) == ("eth1", "")
    assert seen["belt"].seen.wire_mb_s > 0
