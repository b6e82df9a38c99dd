"""A camera's clock against this computer's: jitter, drift, and clocks that are set, of either side."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.camera_clock import JUMP_NS, WINDOW, CameraClock
from stream.control import clock_line
from stream.desk import Desk
from stream.intake import Intake
from stream.ledger import Ledger
from stream.places import Places
from stream.settings import CameraSettings
from stream.sources.source import Picture
from tests.recordings import numbered_frame

MS, S = 1_000_000, 1_000_000_000
MONO_NS = 5_000 * S
UTC_NS = 1_760_000_000 * S
PERIOD_NS = 40 * MS


def play(
    clock: CameraClock,
    seconds: float,
    *,
    ahead_ns: int,
    ppm: float = 0.0,
    least_ns: int = 3 * MS,
    jitter_ns: int = 0,
    from_ns: int = MONO_NS,
    seed: int = 1,
) -> int:
    """A camera at 25 pictures a second, each `least_ns` and a random part of `jitter_ns` on its way; when it ended."""
    draw = random.Random(seed)
    now_ns = arrived_ns = from_ns
    for number in range(round(seconds * 25)):
        now_ns = from_ns + number * PERIOD_NS
        arrived_ns = max(arrived_ns + 1, now_ns + least_ns + round(draw.random() ** 2 * jitter_ns))
        clock.picture(now_ns + ahead_ns + round((now_ns - MONO_NS) * ppm * 1e-6), arrived_ns)
    return now_ns


def test_a_camera_that_says_nothing_has_no_clock() -> None:
    assert CameraClock().reading(MONO_NS, UTC_NS) is None


@given(
    ahead_ms=st.integers(-10_000_000, 10_000_000),
    least_ms=st.integers(0, 200),
    jitter_ms=st.integers(0, 200),
    seconds=st.integers(1, 8),
    seed=st.integers(0, 2**16),
)
def test_the_offset_is_that_of_the_quickest_picture_whatever_the_jitter(
    ahead_ms: int, least_ms: int, jitter_ms: int, seconds: int, seed: int
) -> None:
    clock = CameraClock()
    ahead_ns = UTC_NS - MONO_NS + ahead_ms * MS
    now_ns = play(clock, seconds, ahead_ns=ahead_ns, least_ns=least_ms * MS, jitter_ns=jitter_ms * MS, seed=seed)
    found = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS)
    assert found is not None
    assert ahead_ms - least_ms - jitter_ms - 0.01 <= found.offset_ms <= ahead_ms - least_ms + 0.01
    assert 0 <= found.late_ms <= found.late_most_ms <= jitter_ms + 0.01
    assert found.drift_ppm == 0


@pytest.mark.parametrize("ppm", [-80.0, -5.0, 0.0, 20.0, 150.0])
def test_a_clock_that_runs_faster_or_slower_is_found_out_and_makes_no_picture_late(ppm: float) -> None:
    clock = CameraClock()
    now_ns = play(clock, 300, ahead_ns=UTC_NS - MONO_NS, ppm=ppm, jitter_ns=4 * MS)
    found = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS)
    assert found is not None and found.steps == 0
    assert found.drift_ppm == pytest.approx(ppm, abs=6)
    assert found.offset_ms == pytest.approx((now_ns - MONO_NS) * ppm * 1e-6 / MS - 3, abs=1)
    assert found.late_most_ms < 5


def test_a_step_of_the_wall_clock_moves_the_offset_that_is_shown_and_nothing_else() -> None:
    clock = CameraClock()
    now_ns = play(clock, 30, ahead_ns=UTC_NS - MONO_NS, jitter_ns=20 * MS)
    before = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS)
    after = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS + 3600 * S)
    assert before is not None and after is not None
    assert after.offset_ms == pytest.approx(before.offset_ms - 3_600_000)
    assert (after.drift_ppm, after.late_ms, after.late_most_ms, after.steps) == (
        before.drift_ppm,
        before.late_ms,
        before.late_most_ms,
        0,
    )


@pytest.mark.parametrize("step_s", [-3600, -5, 5, 3600])
def test_a_cameras_clock_that_is_set_is_followed_at_once_and_makes_no_picture_late(step_s: int) -> None:
    clock = CameraClock()
    ahead_ns = UTC_NS - MONO_NS
    at_ns = play(clock, 30, ahead_ns=ahead_ns, jitter_ns=5 * MS)
    now_ns = play(clock, 1, ahead_ns=ahead_ns + step_s * S, jitter_ns=5 * MS, from_ns=at_ns + PERIOD_NS)
    found = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS)
    assert found is not None and found.steps == 1
    assert found.offset_ms == pytest.approx(step_s * 1000 - 3, abs=5)
    assert found.late_most_ms < 6


def test_a_delay_that_grows_is_seen_as_late_and_counts_as_usual_once_it_has_lasted() -> None:
    clock = CameraClock()
    ahead_ns = UTC_NS - MONO_NS
    at_ns = play(clock, 20, ahead_ns=ahead_ns)
    at_ns = play(clock, 20, ahead_ns=ahead_ns, least_ns=803 * MS, from_ns=at_ns + PERIOD_NS)
    late = clock.reading(at_ns, UTC_NS)
    assert late is not None and late.steps == 0
    assert late.late_ms == pytest.approx(800, abs=6)  # the rest was taken for drift
    at_ns = play(clock, WINDOW + 2, ahead_ns=ahead_ns, least_ns=803 * MS, from_ns=at_ns + PERIOD_NS)
    usual = clock.reading(at_ns, UTC_NS)
    assert usual is not None and usual.late_ms < 1


def test_a_delay_that_ends_is_no_step_of_the_clock() -> None:
    clock = CameraClock()
    at_ns = play(clock, 5, ahead_ns=UTC_NS - MONO_NS, least_ns=2 * JUMP_NS)
    now_ns = play(clock, 5, ahead_ns=UTC_NS - MONO_NS, from_ns=at_ns + 4 * PERIOD_NS)
    found = clock.reading(now_ns, UTC_NS + now_ns - MONO_NS)
    assert found is not None and found.steps == 0
    assert found.offset_ms == pytest.approx(-3, abs=0.1)


class StampedCamera:
    """A source whose clock is an hour ahead."""

    def pictures(self, _first_index: int = 0) -> Iterator[Picture]:
        for index in range(3):
            yield Picture(numbered_frame(index), index, None, taken_utc_ns=time.time_ns() + 3600 * S)

    def close(self) -> None:
        return


def test_a_capture_says_how_its_cameras_clock_stands(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.connection.open_source", lambda *_: StampedCamera())
    camera = CameraSettings("belt", "synthetic:")
    desk = Desk(camera, places, "session", camera.source)
    intake = Intake(camera, desk, lambda *_: None)
    assert intake.clock() is None
    intake.run(Ledger())
    clock = intake.clock()
    assert clock is not None and clock.steps == 0
    assert 3_500_000 < clock.offset_ms <= 3_600_000
    assert "ms ahead of this computer's, drifts +0.0 ppm; the newest picture took" in clock_line(clock)
    desk.accounts.clear()
    desk.close()
