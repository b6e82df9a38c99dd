"""The thread that drains a camera: what it says of times without pictures."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.connection import Connection
from stream.desk import Desk
from stream.intake import Intake
from stream.ledger import Ledger
from stream.messages import FRAMES_MAX
from stream.places import Places
from stream.ring import Ring, RingError
from stream.ring_layout import SlotHeader
from stream.run_account import RunAccount
from stream.settings import CameraSettings
from stream.sources.source import LeftOut, Picture, SourceError
from stream.taking import ROOM_TRIES
from tests.line import wait_for
from tests.recordings import numbered_frame

SOURCE = "numbered:?size=96x64&fps=100&control="


def drained(camera: CameraSettings, places: Places, pictures: int) -> tuple[Desk, list[tuple[int, str, str]]]:
    """A desk whose capture took that many pictures and then died; and what its intake told."""
    told: list[tuple[int, str, str]] = []
    desk = Desk(camera, places, "session", camera.source)
    before = set(desk.accounts)
    intake = Intake(camera, desk, lambda run, kind, text: told.append((run, kind, text)))
    thread = threading.Thread(target=intake.run, args=(Ledger(),))
    thread.start()
    wait_for(lambda: any(a.captured >= pictures for r, a in desk.accounts.items() if r not in before), "pictures")
    intake.stop()
    thread.join()
    return desk, told


def test_a_gap_that_a_live_cameras_capture_died_in_is_noted(places: Places, tmp_path: Path) -> None:
    camera = CameraSettings("belt", f"{SOURCE}{tmp_path / 'control'}")
    dead, told = drained(camera, places, 5)
    assert told == []
    last_ns = dead.last_picture_mono_ns
    desk, told = drained(camera, places, 1)
    assert desk.last_picture_mono_ns > last_ns
    ((run, kind, text),) = told
    assert run == max(desk.accounts) and kind == "gap"
    assert re.fullmatch(r"the capture died; no pictures for \d+\.\d s", text)
    for left in (dead, desk):
        left.accounts.clear()
        left.close()


def full_for(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared memory has no room for a ring, so many times."""
    create, refusals = Ring.create, iter([RingError("no room in shared memory")] * tries)

    def refusing(path: Path, *, slots: int, slot_bytes: int, parts: int) -> Ring:
        for error in refusals:
            raise error
        return create(path, slots=slots, slot_bytes=slot_bytes, parts=parts)

    monkeypatch.setattr(Ring, "create", refusing)


def test_where_shared_memory_is_full_pictures_are_counted_and_the_tries_become_rare(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_s: list[float] = []
    full_for(6, monkeypatch)
    retry = Connection.retry

    def retries(connection: Connection, account: RunAccount | None, reason: str, pause_s: float) -> None:
        waited_s.append(pause_s)
        retry(connection, account, reason, pause_s)

    monkeypatch.setattr(Connection, "retry", retries)
    monkeypatch.setattr(Connection, "wait_until", lambda *_: None)
    desk, told = drained(CameraSettings("belt", f"{SOURCE}{tmp_path / 'control'}"), places, 5)
    *refused, went_on = (desk.accounts[run] for run in sorted(desk.accounts))
    assert waited_s == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert [(a.captured, a.dropped(), a.ended) for a in refused] == [(1, {"no_room": 1}, True)] * 6
    assert went_on.captured >= 5 and "no_room" not in went_on.dropped()
    assert [(run, kind) for run, kind, _ in told] == [(refused[0].run, "source"), (went_on.run, "gap")]
    desk.accounts.clear()
    desk.close()


def test_a_recording_that_finds_no_room_ends_with_its_picture_counted_by_name(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_for(1, monkeypatch)
    camera = CameraSettings("belt", "synthetic:")
    desk = Desk(camera, places, "session", camera.source)
    account = desk.begin_run()
    with pytest.raises(RingError, match="no room"):
        desk.place(account, Picture(numbered_frame(0), 0, 0.0), mono_ns=1, utc_ns=1)
    desk.end_run(account, "no room", Ledger().missing(0, account.captured))
    assert (account.captured, account.dropped()) == (1, {"no_room": 1})
    desk.accounts.clear()
    desk.close()


class Faltering:
    """A camera that gives two pictures and goes away, life after life; in its second it says that it cannot be used."""

    lives = 0

    def pictures(self, _: int = 0) -> Iterator[Picture]:
        Faltering.lives += 1
        if Faltering.lives == 2:
            raise SourceError("asked for an exposure of 500 us, it has none", final=True)
        for index in range(2):
            yield Picture(numbered_frame(index), index, None, lost=FRAMES_MAX - 1)
        raise SourceError("it was switched off")

    def close(self) -> None: ...


def test_a_camera_that_has_given_pictures_is_tried_for_ever_and_its_losses_stay_within_bounds(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.connection.open_source", lambda *_: Faltering())
    monkeypatch.setattr(Faltering, "lives", 0)
    desk = Desk(CameraSettings("belt", "0"), places, "session", "0")
    intake = Intake(CameraSettings("belt", "0"), desk, lambda *_: None)
    thread = threading.Thread(target=intake.run, args=(Ledger(),))
    thread.start()
    wait_for(lambda: Faltering.lives >= 4, "a life after that in which it could never be used")
    intake.stop()
    thread.join()
    assert {account.lost for account in desk.accounts.values() if account.captured == 2} == {FRAMES_MAX}
    desk.accounts.clear()
    desk.close()


class Back:
    """A camera that is lost with the ring full; once it is back, one more comes from it, and it waits."""

    def __init__(self, first: int, more: Picture | LeftOut, done: threading.Event) -> None:
        full: list[Picture | LeftOut] = [Picture(numbered_frame(n), n, None) for n in range(first)]
        self._lives = iter([full, [more]])
        self._done = done

    def pictures(self, _: int = 0) -> Iterator[Picture | LeftOut]:
        yield from (life := next(self._lives))
        if isinstance(life[-1], LeftOut) or len(life) == 1:
            self._done.wait()
        raise SourceError("it was switched off")

    def close(self) -> None: ...


@pytest.mark.parametrize(
    "more", [Picture(numbered_frame(9), 9, None), LeftOut(3, 9, 0.6)], ids=["a picture that has no slot", "left out"]
)
def test_a_camera_that_is_back_is_running_though_none_of_its_pictures_has_a_place(
    places: Places, monkeypatch: pytest.MonkeyPatch, more: Picture | LeftOut
) -> None:
    camera, done, words = CameraSettings("belt", "0", policy="every"), threading.Event(), list[str]()
    source = Back(camera.slots, more, done)
    monkeypatch.setattr("stream.connection.open_source", lambda *_: source)
    desk = Desk(camera, places, "session", "0")
    say = desk.say

    def saying(word: str, text: str) -> None:
        words.append(word)
        say(word, text)

    monkeypatch.setattr(desk, "say", saying)
    intake = Intake(camera, desk, lambda *_: None)
    thread = threading.Thread(target=intake.run, args=(Ledger(),))
    thread.start()
    try:
        wait_for(lambda: words[-3:] == ["running", "retrying", "running"], "the camera to be well again")
        assert len(held(desk)) == camera.slots
    finally:
        intake.stop()
        done.set()
        thread.join()
        desk.accounts.clear()
        desk.close()


class Behind:
    """A camera of which two pictures of twelve are decoded, the first of them long after it came."""

    def pictures(self, _: int = 0) -> Iterator[Picture | LeftOut]:
        now_ns = time.monotonic_ns()
        yield LeftOut(3, now_ns - 101 * 10**9, 0.6)
        yield Picture(numbered_frame(3), 3, None, arrived_mono_ns=now_ns - 100 * 10**9)
        yield LeftOut(7, now_ns - 2 * 10**9, 0.7, lost=2)
        yield Picture(numbered_frame(11), 11, None)
        raise SourceError("it was switched off")

    def close(self) -> None: ...


def test_what_decoding_leaves_out_has_its_numbers_its_reason_an_alarm_and_events(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = iter([Behind()])
    told: list[tuple[str, str]] = []
    desk = Desk(CameraSettings("belt", "0"), places, "session", "0")
    intake = Intake(CameraSettings("belt", "0"), desk, lambda _, kind, text: told.append((kind, text)))
    alarms: list[str] = []
    apart_s: list[float] = []
    place = desk.place

    def placing(account: RunAccount, picture: Picture, *, mono_ns: int, utc_ns: int) -> bool:
        alarms.append(intake.alarm)
        apart_s.append((time.time_ns() - time.monotonic_ns() - (utc_ns - mono_ns)) / 1e9)
        return place(account, picture, mono_ns=mono_ns, utc_ns=utc_ns)

    def open_source(*_: object) -> Behind:
        if (source := next(sources, None)) is None:
            raise SourceError("it is gone", final=True)
        return source

    monkeypatch.setattr("stream.connection.open_source", open_source)
    monkeypatch.setattr(desk, "place", placing)
    thread = threading.Thread(target=intake.run, args=(Ledger(),))
    thread.start()
    wait_for(lambda: any(account.ended for account in desk.accounts.values()), "the end of the run")
    intake.stop()
    thread.join()
    assert [abs(one) < 50 for one in apart_s] == [True, True], "both times are of its arrival"
    (account,) = desk.accounts.values()
    assert (account.captured, account.lost, account.dropped()) == (12, 2, {"behind": 10})
    headers = sorted((header.seq, header.captured_mono_ns) for header in held(desk))
    assert [seq for seq, _ in headers] == [3, 11]
    assert headers[1][1] - headers[0][1] >= 100 * 10**9, "its age counts from its arrival"
    assert "3 pictures were left out" in alarms[0] and "10 pictures were left out" in alarms[1] and not intake.alarm
    behind = [text for kind, text in told if kind == "behind"]
    assert len(behind) == 2 and "faster than this computer decodes" in behind[0] and "10 pictures" in behind[1]
    desk.accounts.clear()
    desk.close()


def test_a_file_that_is_too_large_for_shared_memory_is_unknown_and_the_next_one_has_its_turn(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Ring.create

    def small_only(path: Path, *, slots: int, slot_bytes: int, parts: int) -> Ring:
        if slot_bytes > 300_000:
            raise RingError("no room in shared memory")
        return create(path, slots=slots, slot_bytes=slot_bytes, parts=parts)

    monkeypatch.setattr(Ring, "create", small_only)
    monkeypatch.setattr(Connection, "wait_until", lambda *_: None)
    folder = tmp_path / "in"
    folder.mkdir()
    for name, side in (("a.png", 600), ("b.png", 200)):
        cv2.imwrite(str(folder / name), np.full((side, side, 3), 128, np.uint8))
    desk, _ = drained(CameraSettings("belt", f"watch:{folder}"), places, ROOM_TRIES + 2)
    (account,) = desk.accounts.values()
    assert account.dropped() == {"no_room": ROOM_TRIES}
    headers = sorted((h.seq, h.problem, h.width) for h in held(desk))
    assert headers == [(ROOM_TRIES, "no_room", 1), (ROOM_TRIES + 1, None, 200)]
    desk.accounts.clear()
    desk.close()


def held(desk: Desk) -> list[SlotHeader]:
    return [holding.place.header() for holding in desk.slots.lease("inspect 1", 16, 1)]
