"""A capture, and an inspector or a display that cannot see its ring, on real sockets over loopback tcp."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream.curve import new_pair
from stream.desk import Desk
from stream.far import Far
from stream.far_views import FarViews
from stream.feed import Feed
from stream.keys import KeyFolder
from stream.lending import Lending
from stream.links import Links
from stream.messages import FrameRef
from stream.places import Places
from stream.ring import TornError
from stream.ring_views import RingViews
from stream.settings import CameraSettings
from stream.sights import Sight, Sights
from stream.sources.source import Picture
from tests.frames import judged
from tests.line import wait_for
from tests.ports import free_port

CAMERA = CameraSettings("belt", "belt.mp4", slots=4, deadline_ms=250.0, policy="newest")
SILENT_S = 2.0  # the patience with an inspector that is silent here
PATIENT_S = 100.0  # and with one that is not


@dataclass
class FarCapture:
    """The desk and the socket of a capture on the host `line`."""

    places: Places
    folder: KeyFolder
    frames: str = "raw"
    silent_s: float = PATIENT_S
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for host in ("line", "gpu"):
            self.folder.keep(host, new_pair())
        local, self.tcp = self.places.socket("capture-belt"), f"tcp://127.0.0.1:{free_port()}"
        pair = self.folder.pair("line")
        far = Far(
            pair, self.folder, {local: self.tcp}, {}, frozenset({local}), frames=self.frames, silent_s=self.silent_s
        )
        self.links = Links(far)
        self.desk = Desk(CAMERA, self.places, "session", "belt.mp4")
        socket = self.links.serve(local)
        self.lending = Lending(CAMERA, self.desk, self.links, socket, self.tell, "line", far)
        self.account = self.desk.begin_run()

    def tell(self, _run: int, _kind: str, text: str) -> None:
        self.told.append(text)

    def bring(self, shade: int) -> np.ndarray:
        """A picture has come from the camera just now."""
        pixels = np.full((48, 64, 3), 40 * shade, np.uint8)
        pixels[:, 32:] = 255
        self.desk.place(
            self.account, Picture(pixels, self.account.captured, None), mono_ns=time.monotonic_ns(), utc_ns=1
        )
        return pixels

    def turn(self) -> None:
        self.links.wait(0.005)
        self.lending.listen()
        self.lending.overdue()

    def waits(self) -> bool:
        self.turn()
        return self.desk.slots.waiting == 1

    def away(self) -> Places:
        """The places of the host `gpu`."""
        far = Far(
            self.folder.pair("gpu"),
            self.folder,
            {},
            {self.tcp: "line"},
            frozenset({self.tcp}),
            attached=frozenset({"belt"}),
        )
        return Places(self.places.folder / "nothing", "gpu", {"capture-belt": self.tcp}, far)

    def close(self) -> None:
        self.lending.close()
        self.desk.close()
        self.links.close()


@dataclass
class FarInspector:
    capture: FarCapture

    def __post_init__(self) -> None:
        places = self.capture.away()
        self.links = Links(places.far)
        self.feed = Feed(self.links, places, ("belt",), "inspect 1")
        self.views = RingViews(places.folder)
        self.sights = Sights(self.views, self.feed, places.far)

    def turn(self) -> FrameRef | None:
        self.capture.turn()
        return next(iter(self.feed.next(0.005)), None)

    def next(self) -> Sight:
        found: FrameRef = wait_for(self.turn, "a frame")
        return self.sights.of(found)


@pytest.fixture(params=["raw", "jpeg"])
def capture(places: Places, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[FarCapture]:
    opened = FarCapture(places, KeyFolder(tmp_path / "keys"), request.param)
    yield opened
    opened.close()


@pytest.fixture
def impatient(places: Places, tmp_path: Path) -> Iterator[FarCapture]:
    opened = FarCapture(places, KeyFolder(tmp_path / "keys"), silent_s=SILENT_S)
    yield opened
    opened.close()


@pytest.fixture
def inspector(capture: FarCapture) -> Iterator[FarInspector]:
    opened = FarInspector(capture)
    yield opened
    opened.links.close()


def test_the_pixels_come_along_and_go_on_with_a_bad_verdict_as_they_came(
    capture: FarCapture, inspector: FarInspector
) -> None:
    pixels = capture.bring(1)
    sight = inspector.next()
    assert (sight.frame.seq, sight.frame.attempt) == (0, 1)
    if capture.frames == "raw":
        assert np.array_equal(sight.picture, pixels)
    assert inspector.sights.evidence(sight, "BAD") is sight.sent and sight.sent is not None
    assert sight.sent.kind == capture.frames
    assert inspector.sights.evidence(sight, "GOOD") is None and inspector.sights.evidence(sight, "UNKNOWN") is None
    with pytest.raises(TornError, match="did not come along"):
        inspector.sights.of(sight.frame)


def test_a_frame_keeps_its_age_on_the_way_though_the_clocks_have_nothing_in_common(
    capture: FarCapture, inspector: FarInspector
) -> None:
    """The capture's clock is an hour ahead: a frame's own time says nothing here."""
    hour_ns = 3_600_000_000_000
    real = time.monotonic_ns
    door = inspector.feed.far_door("belt")
    assert door is not None
    door.now_ns = lambda: real() - hour_ns  # this host's clock, as the door reads it
    before_ns = real()
    capture.bring(1)
    sight = inspector.next()
    age_ns = real() - hour_ns - (sight.frame.captured_mono_ns + sight.offset_ns)
    assert 0 <= age_ns <= 2 * (real() - before_ns)


def test_an_ask_that_is_repeated_gets_the_same_frame_again(capture: FarCapture, inspector: FarInspector) -> None:
    capture.bring(1)
    capture.bring(2)
    first = inspector.next()
    again = inspector.next()  # it has not said that it judged the first: the lease may have been lost on the way
    assert (first.frame.seq, again.frame.seq, again.frame.attempt) == (0, 0, 1)
    inspector.feed.judged(again.frame)
    assert inspector.next().frame.seq == 1


def test_a_silent_inspector_gives_its_frames_back_after_a_stated_time(impatient: FarCapture) -> None:
    inspector = FarInspector(impatient)
    impatient.bring(1)
    began_s = time.monotonic()
    inspector.next()
    wait_for(impatient.waits, "the frame, waiting again")
    assert time.monotonic() - began_s > SILENT_S
    assert impatient.account.expired == 1 and f"has said nothing for {SILENT_S:g} s" in impatient.told[0]
    assert inspector.next().frame.attempt == 2, "it was away, and is back"
    inspector.links.close()


def test_a_new_process_under_the_old_name_and_pid_is_another_inspector(capture: FarCapture) -> None:
    """In a container each process has the same pid."""
    one = FarInspector(capture)
    capture.bring(1)
    one.next()
    one.links.close()
    two = FarInspector(capture)
    assert two.next().frame.attempt == 2
    two.links.close()


def turn_until(capture: FarCapture, stop: threading.Event) -> None:
    while not stop.is_set():
        capture.turn()


def test_a_display_on_another_host_sees_the_judged_frame_and_no_successor(
    capture: FarCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.far_views.ANSWER_S", PATIENT_S)
    pixels = capture.bring(1)
    place = wait_for(lambda: capture.desk.slots.lease("inspect 9", 1, 0), "a frame")[0]
    shown = capture.lending._ref(place)
    views = FarViews(capture.away(), "belt")
    stop = threading.Event()
    serving = threading.Thread(target=turn_until, args=(capture, stop))
    serving.start()
    try:
        seen = views.picture(shown)
        assert seen.shape == pixels.shape and float(np.abs(seen.astype(int) - pixels).mean()) < 3
        ours = views.ours(msgspec.structs.replace(judged(0), frame=shown))
        assert abs(time.monotonic_ns() - ours.frame.captured_mono_ns) < PATIENT_S * 1e9
        with pytest.raises(TornError, match="another picture"):
            views.picture(msgspec.structs.replace(shown, lock=shown.lock + 2))
        views.close()
        assert views.picture(shown).shape == pixels.shape
    finally:
        stop.set()
        serving.join()
        views.close()
        views.close()


def test_a_capture_that_does_not_answer_holds_up_the_paint_thread_once_and_then_for_nobody(
    capture: FarCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_s, others = 0.1, 500
    monkeypatch.setattr("stream.far_views.ANSWER_S", answer_s)
    monkeypatch.setattr("stream.far_views.SILENT_S", PATIENT_S)
    views, started = FarViews(capture.away(), "belt"), time.monotonic()
    try:
        with pytest.raises(TornError, match="does not answer"):
            views.picture(judged(1).frame)
        for _ in range(others):
            with pytest.raises(TornError, match="did not answer a moment ago"):
                views.picture(judged(1).frame)
        assert time.monotonic() - started < answer_s * others
        monkeypatch.setattr("stream.far_views.time.monotonic", lambda at=time.monotonic: at() + PATIENT_S)
        with pytest.raises(TornError, match="does not answer"):
            views.picture(judged(1).frame)
    finally:
        views.close()
