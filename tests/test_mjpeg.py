"""A camera over HTTP: read in order; each way in which it can fail is said plainly, in time, without its password."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stream.secrets import with_credentials
from stream.settings import CameraSettings
from stream.sources.jpeg import JpegDecoder
from stream.sources.mjpeg import MjpegCamera
from stream.sources.source import LOGIN_PAUSE_S, LeftOut, Picture, SourceError, Waiting
from tests.http_camera import (
    CERTIFICATE,
    HttpCamera,
    Script,
    Talk,
    endless,
    jpeg,
    ok,
    part,
    stream_head,
)
from tests.line import wait_for
from tests.ports import free_port
from tests.recordings import read_number

PATIENT_S = 60.0  # a machine that others use must not make a camera silent that is not
SILENT_S = 0.5  # where all its pictures have come
USER, PASSWORD = "admin", "s3cr:t@/?#% ü"
WHOLE = [jpeg(n) for n in range(12)]


@pytest.fixture(autouse=True)
def no_reader_is_left() -> Iterator[None]:
    yield
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "mjpeg"], "the end of every reader")


def camera(address: str, silent_after_s: float = PATIENT_S, **more: object) -> MjpegCamera:
    """Each picture is wanted: on a slow machine none may be left out."""
    wish: dict[str, object] = {"policy": "every", "silent_after_s": silent_after_s, **more}
    settings = CameraSettings("belt", address, **wish)  # type: ignore[arg-type]
    return MjpegCamera(settings, with_credentials(settings))


def first(source: MjpegCamera, count: int) -> list[Picture]:
    with closing(source):
        pictures = (given for given in source.pictures() if isinstance(given, Picture))
        return list(itertools.islice(pictures, count))


def failure(source: MjpegCamera, freezes_after: int | None = None) -> tuple[str, int]:
    """What ends a stream, and how many pictures came before; never final, never with a password.

    Where so many come before it freezes, all of them may be late: its own patience counts from then on.
    """
    patience, count = source._drain._patience, 0
    silent_after_s, patience._least_s, patience.allowed_s = patience._least_s, PATIENT_S, PATIENT_S
    with closing(source), pytest.raises(SourceError) as caught:
        for given in source.pictures():
            count += isinstance(given, Picture)
            if count == freezes_after:
                patience.allowed_s = silent_after_s
    assert not caught.value.final
    assert not re.search("s3cr|wr0ng", "".join(traceback.format_exception(caught.value)))
    return str(caught.value), count


def sends(*pieces: bytes, freezes: bool = False) -> Script:
    """Head and pictures as given; then the end, or silence."""

    def script(talk: Talk) -> None:
        for piece in pieces:
            talk.send(piece)
        if freezes:
            talk.freeze()

    return script


def test_pictures_come_in_order_with_their_index_and_time() -> None:
    with HttpCamera(endless()) as there:
        pictures = first(camera(there.address), 30)
    assert [read_number(picture.pixels) for picture in pictures] == list(range(30))
    assert [picture.index for picture in pictures] == list(range(30))
    times_s = [picture.pts_s or 0.0 for picture in pictures]
    assert times_s == sorted(times_s) and times_s[0] == 0.0
    assert {(picture.problem, picture.taken_utc_ns) for picture in pictures} == {(None, None)}
    assert pictures[0].pixels.shape == (240, 320, 3) and pictures[0].pixels.dtype == np.uint8
    assert "Authorization" not in there.requests[0] and there.requests[0].startswith("GET /video HTTP/1.1\r\n")


def test_behind_a_slow_decoder_the_newest_picture_wins_and_the_rest_is_left_out_by_number() -> None:
    found: list[Picture | LeftOut] = []
    with HttpCamera(endless()) as there, closing(camera(there.address, policy="newest")) as source:
        for given in source.pictures():
            assert isinstance(given, Picture | LeftOut)
            found.append(given)
            if len(found) == 1:
                wait_for(lambda: source._room._left and source._room._left.pictures >= 20, "pictures that are left out")
            if counted(found) > 20 and isinstance(given, Picture) and isinstance(found[-2], LeftOut):
                break
    *_, left, newest = found
    assert isinstance(left, LeftOut) and isinstance(newest, Picture)
    assert newest.index == counted(found) - 1 and read_number(newest.pixels) == newest.index % 100
    assert left.mono_ns <= (newest.arrived_mono_ns or 0)


def counted(found: list[Picture | LeftOut]) -> int:
    return sum(one.pictures if isinstance(one, LeftOut) else 1 for one in found)


@pytest.mark.parametrize("policy", ["every", "newest"])
def test_what_waits_for_a_slow_decoder_bears_the_time_at_which_it_came(policy: str) -> None:
    """Where it is not too late either way: the newest is wanted, and none of a burst is left out."""
    with (
        HttpCamera(sends(stream_head(), *map(part, WHOLE), freezes=True)) as there,
        closing(camera(there.address, policy=policy, deadline_ms=10 * 60_000)) as source,
    ):
        pictures = source.pictures()
        next(pictures)
        wait_for(lambda: len(source._room._waiting) >= 8, "pictures that wait")
        resumed_ns = time.monotonic_ns()
        rest = [given for given in itertools.islice(pictures, 8) if isinstance(given, Picture)]
    assert [read_number(picture.pixels) for picture in rest] == list(range(1, 9))
    assert all((picture.arrived_mono_ns or resumed_ns) < resumed_ns for picture in rest)


def test_a_picture_is_given_before_the_next_one_comes() -> None:
    for length in (-1, None):
        with HttpCamera(sends(stream_head(), part(WHOLE[0], length=length), freezes=True)) as there:
            (picture,) = first(camera(there.address), 1)
        assert read_number(picture.pixels) == 0


def test_a_stream_in_chunks_is_one() -> None:
    body = b"".join(map(part, WHOLE))
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:1000], body[1000:5000], body[5000:])]
    head = ok("multipart/x-mixed-replace; boundary=belt", "Transfer-Encoding: chunked")
    with HttpCamera(sends(head, *chunks, b"0\r\n\r\n")) as there:
        pictures = first(camera(there.address), len(WHOLE))
    assert [read_number(picture.pixels) for picture in pictures] == list(range(len(WHOLE)))


def test_the_cameras_own_time_goes_with_its_picture() -> None:
    stamp = "X-Timestamp: 1700000000.5\r\n"
    with HttpCamera(sends(stream_head(), part(WHOLE[0], more=stamp), freezes=True)) as there:
        (picture,) = first(camera(there.address), 1)
    assert picture.taken_utc_ns == 1_700_000_000_500_000_000


def hole(body: bytes) -> bytes:
    """Zeros in the middle: to libjpeg that is a grey bar and no fault."""
    middle = len(body) // 2
    return body[:middle] + bytes(40) + body[middle + 40 :]


@pytest.mark.parametrize(
    "damaged",
    [WHOLE[1][:-700], hole(WHOLE[1]), WHOLE[1][:300], b"not a picture at all"],
    ids=["cut short", "a hole", "headers alone", "noise"],
)
def test_a_damaged_picture_is_named_keeps_its_number_and_spoils_no_other(damaged: bytes) -> None:
    with HttpCamera(sends(stream_head(), part(WHOLE[0]), part(damaged), part(WHOLE[2]), freezes=True)) as there:
        pictures = first(camera(there.address), 3)
    assert [(picture.index, picture.problem) for picture in pictures] == [(0, None), (1, "decode_error"), (2, None)]
    assert not pictures[1].pixels.any() and pictures[1].pixels.shape == (240, 320, 3)
    assert read_number(pictures[2].pixels) == 2


# --- single pictures --------------------------------------------------------------------------------------------------


def snapshots() -> Script:
    numbers = itertools.count()

    def script(talk: Talk) -> None:
        body = jpeg(next(numbers))
        talk.send(ok("image/jpeg", f"Content-Length: {len(body)}") + body)

    return script


def test_a_single_picture_is_asked_for_again_and_again_at_its_pace() -> None:
    with HttpCamera(snapshots()) as there:
        began_s = time.monotonic()
        pictures = first(camera(there.address, fps=50), 10)
        took_s = time.monotonic() - began_s
    assert [read_number(picture.pixels) for picture in pictures] == list(range(10)) and took_s >= 9 / 50
    assert [picture.index for picture in pictures] == list(range(10))


def test_between_slow_pictures_the_camera_is_well_and_waits() -> None:
    with HttpCamera(snapshots()) as there, closing(camera(there.address, silent_after_s=0.1, fps=0.02)) as source:
        pictures = source.pictures()
        given = [type(next(pictures)) for _ in range(4)]
    assert given == [Picture, Waiting, Waiting, Waiting]


def test_a_single_picture_that_is_cut_short_is_damaged() -> None:
    body = WHOLE[0]
    head = ok("image/jpeg", f"Content-Length: {len(body)}")
    with HttpCamera(sends(head, body[:-500])) as there:
        (picture,) = first(camera(there.address, fps=50), 1)
    assert picture.problem == "decode_error"


# --- login and where it leads -----------------------------------------------------------------------------------------


def basic(talk: Talk) -> bool:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode() in talk.request


def digest(talk: Talk) -> bool:
    fields = dict(re.findall(r'(\w+)="?([^",\s]+)"?', talk.request.partition("Authorization: Digest ")[2]))
    if fields.get("nonce") != "n0nce":
        return False

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    who, what = md5(USER, "belt", PASSWORD), md5("GET", fields["uri"])
    return fields["response"] == md5(who, "n0nce", fields["nc"], fields["cnonce"], "auth", what)


CHALLENGES = {
    "basic": ('Basic realm="belt"', basic),
    "digest": ('Digest realm="belt", nonce="n0nce", qop="auth", algorithm=MD5', digest),
}


def guarded(kind: str) -> Script:
    challenge, opens = CHALLENGES[kind]

    def script(talk: Talk) -> None:
        if not opens(talk):
            talk.send(f"HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        endless()(talk)

    return script


@pytest.mark.parametrize("kind", list(CHALLENGES))
def test_the_password_file_opens_the_camera(kind: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    with HttpCamera(guarded(kind)) as there:
        source = camera(there.address, username=USER, password_file=tmp_path / "password")
        assert [read_number(picture.pixels) for picture in first(source, 3)] == [0, 1, 2]
    assert "Authorization" not in there.requests[0], "nothing is told before it is asked for"
    assert len(there.requests) == 2


@pytest.mark.parametrize("login", [f"{USER}:wr0ng", ""], ids=["wrong password", "no login"])
@pytest.mark.parametrize("kind", list(CHALLENGES))
def test_a_refused_login_is_said_plainly_and_not_tried_on_and_on(kind: str, login: str) -> None:
    with HttpCamera(guarded(kind)) as there:
        said, count = failure(camera(there.address_with(login) if login else there.address))
    assert "wrong user name or password" in said and "password_file" in said and count == 0
    assert len(there.requests) == (2 if login else 1)


def test_a_refused_login_asks_for_a_pause_as_cameras_lock_out_who_insists() -> None:
    with HttpCamera(guarded("basic")) as there, pytest.raises(SourceError) as refused:
        first(camera(there.address_with(f"{USER}:wr0ng")), 1)
    assert refused.value.pause_s == LOGIN_PAUSE_S


@pytest.mark.parametrize(
    "behind", [b"\xff\xff\xff", b"\0" * 99, b"abc", b""], ids=["fill", "zeros", "words", "nothing"]
)
def test_what_a_camera_puts_behind_a_picture_does_it_no_harm(behind: bytes) -> None:
    decoder = JpegDecoder()
    assert read_number(decoder.picture(jpeg(5) + behind, 0, None).pixels) == 5
    assert decoder.picture(jpeg(5)[: len(jpeg(5)) // 2] + behind, 1, None).problem == "decode_error"


def test_a_host_that_is_no_name_is_said_plainly() -> None:
    said, _ = failure(camera("http://cam..local/video"))
    assert "check the host" in said


def moved(location: str, then: Script) -> Script:
    def script(talk: Talk) -> None:
        if "GET /video" in talk.request:
            talk.send(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            then(talk)

    return script


def test_a_redirect_on_the_same_camera_is_followed() -> None:
    with HttpCamera(moved("/real?x=1", endless())) as there:
        assert len(first(camera(there.address), 2)) == 2
    assert there.requests[1].startswith("GET /real?x=1 ")


def test_a_redirect_to_another_computer_is_not_followed() -> None:
    asked: list[str] = []
    with HttpCamera(lambda talk: asked.append(talk.request)) as other:
        for location in (other.address, "//localhost/x", "file:///etc/passwd"):
            with HttpCamera(moved(location, endless())) as there:
                said, _ = failure(camera(there.address_with(f"{USER}:s3cret")))
            assert "to another computer" in said
    assert asked == []


def test_circles_are_left() -> None:
    with HttpCamera(moved("/video", endless())) as there:
        said, _ = failure(camera(there.address))
    assert "in circles" in said and len(there.requests) < 10


def test_no_proxy_of_the_environment_gets_pictures_or_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with HttpCamera(endless()) as there:
        assert len(first(camera(there.address), 2)) == 2


def test_a_cameras_own_certificate_opens_it_and_no_other_does(tmp_path: Path) -> None:
    with HttpCamera(endless(), tls=True) as there:
        assert len(first(camera(there.address, certificate=CERTIFICATE), 2)) == 2
        said, _ = failure(camera(there.address))
        assert "does not trust" in said and "`certificate`" in said
        (tmp_path / "none.pem").write_text("nothing")
        said, _ = failure(camera(there.address, certificate=tmp_path / "none.pem"))
        assert "certificate: no certificate" in said


def test_tls_where_there_is_none_is_said() -> None:
    with HttpCamera(endless()) as there:
        said, _ = failure(camera(there.address.replace("http://", "https://")))
    assert "http:// instead of https://" in said


# --- loss -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "said", "count"),
    [
        pytest.param(sends(stream_head(), *map(part, WHOLE)), "the camera ended the stream", 12, id="ends"),
        pytest.param(sends(stream_head(), part(WHOLE[0]), b"x" * 40_000_000), "no boundary", 1, id="no boundary"),
        pytest.param(sends(stream_head(), b"x" * 20_000), "not a stream of pictures", 0, id="garbage"),
        pytest.param(sends(b"garbage\r\n\r\n"), "no web server's answer", 0, id="no HTTP"),
        pytest.param(sends(), "no web server's answer|broke the connection", 0, id="hangs up"),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500), "no web server", 0, id="headers"),
        pytest.param(sends(ok("text/html"), b"<html>"), "sends no pictures", 0, id="a page"),
        pytest.param(sends(b"HTTP/1.1 404 No\r\n\r\n"), "no page of that name", 0, id="another name"),
        pytest.param(sends(b"HTTP/1.1 503 s3cret\r\n\r\n"), "busy", 0, id="busy"),
        pytest.param(sends(b"HTTP/1.1 500 s3cret\r\n\r\n"), "answers 500", 0, id="broken"),
        pytest.param(sends(ok("image/jpeg"), b"x" * 40_000_000), "longer than", 0, id="an endless picture"),
    ],
)
def test_each_way_to_fail_is_said_plainly(script: Script, said: str, count: int) -> None:
    with HttpCamera(script) as there:
        text, came = failure(camera(there.address_with(f"{USER}:s3cret")))
    assert re.search(said, text) and came == count
    assert "***@127.0.0.1" in text


def test_a_camera_that_is_off_is_said_plainly() -> None:
    said, _ = failure(camera(f"http://admin:s3cret@127.0.0.1:{free_port()}/video"))
    assert "nothing listens there" in said
    said, _ = failure(camera("http://camera.invalid/video"))
    assert "no computer of that name" in said


@pytest.mark.parametrize("sent", [b"", part(WHOLE[0])[:-900]], ids=["between pictures", "within a picture"])
def test_a_camera_that_freezes_is_noticed_in_time(sent: bytes) -> None:
    with HttpCamera(sends(stream_head(), *map(part, WHOLE[:5]), sent, freezes=True)) as there:
        said, count = failure(camera(there.address, SILENT_S), freezes_after=5)
    assert "does it still work" in said and count == 5


def test_one_that_sends_a_little_for_ever_is_noticed_in_time() -> None:
    def script(talk: Talk) -> None:
        talk.send(stream_head())
        talk.send_pictures([part(WHOLE[0]), part(WHOLE[1]), part(WHOLE[2])])
        talk.send_pictures(itertools.repeat(b"x"))

    with HttpCamera(script) as there:
        said, count = failure(camera(there.address, SILENT_S), freezes_after=3)
    assert "does it still work" in said and count == 3


def test_a_camera_that_dies_is_noticed_and_is_back_after_its_restart() -> None:
    with HttpCamera(endless()) as there:
        with closing(camera(there.address)) as source:
            pictures = source.pictures()
            assert len(list(itertools.islice(pictures, 5))) == 5
            there.die()
            with pytest.raises(SourceError, match=r"ended the stream|broke the connection"):
                list(pictures)
        assert "nothing listens" in failure(camera(there.address))[0]
        there.start()
        assert len(first(camera(there.address), 3)) == 3


def test_closing_from_another_thread_ends_the_pictures_at_once() -> None:
    with HttpCamera(sends(stream_head(), part(WHOLE[0]), freezes=True)) as there:
        source = camera(there.address)
        pictures = source.pictures()
        assert isinstance(next(pictures), Picture)
        timer = threading.Timer(0.1, source.close)
        timer.start()
        assert list(pictures) == []
        timer.join()


def test_closing_twice_or_before_the_first_picture_does_no_harm() -> None:
    source = camera("http://127.0.0.1:9/video")
    source.close()
    source.close()
    assert list(source.pictures()) == []


def test_what_is_no_address_is_final() -> None:
    with pytest.raises(SourceError, match=r"http://admin:\*\*\*@camera:port/: not an address") as caught:
        camera("http://admin:s3cret@camera:port/")
    assert caught.value.final
