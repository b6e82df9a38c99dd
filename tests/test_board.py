"""What the page says of the line as a whole."""

from __future__ import annotations

import pytest

from stream.messages import CameraCounts, CameraStatus, HouseStatus, LineStatus, RoleStatus
from stream.settings import CameraSettings, LineSettings
from stream.web.board import Board, camera_state, stale_after_ms
from stream.web.talk import CameraView, PageCounts

S = 1_000_000_000
LINE = LineSettings(cameras=(CameraSettings("belt", "rtsp://cam/"), CameraSettings("lid", "lid.mp4")), name="hall")
NO_PAGE = PageCounts(0, 0, 0, 0)


def said(state: str = "running", text: str = "") -> CameraStatus:
    return CameraStatus("belt", 1, state, text, 9, 25.0, 2, 12.0, {}, 3, True)


def role(state: str, text: str = "", name: str = "capture belt") -> RoleStatus:
    return RoleStatus(name, state, 0, text)


def counted(*alarms: str) -> LineStatus:
    counts = CameraCounts("belt", 9, 5, 2, 1, {"newest": 1}, True, 1)
    return LineStatus("s", "onnxruntime cpu", "b", (counts,), (), 20.0, 40.0, alarms)


def view(board: Board, now_ns: int, name: str = "belt") -> CameraView:
    return next(camera for camera in board.status(NO_PAGE, now_ns).cameras if camera.name == name)


@pytest.mark.parametrize(
    ("message", "silent_s", "capture", "state"),
    [
        (None, 0.0, None, "starting"),
        (None, 0.0, role("starting"), "starting"),
        (None, 0.0, role("stopped"), "ended"),
        (said(), 0.2, role("running"), "running"),
        (said(), 1.5, role("running"), "silent"),
        (said(), 1.5, None, "silent"),
        (said("retrying"), 0.2, None, "retrying"),
        (said("retrying"), 1.5, role("backing off"), "silent"),
        (said("ended"), 0.2, role("running"), "ended"),
        (said("ended"), 900.0, role("stopped"), "ended"),
        (said(), 900.0, role("stopped"), "silent"),
    ],
)
def test_a_camera_is_what_its_capture_says_unless_that_is_silent(
    message: CameraStatus | None, silent_s: float, capture: RoleStatus | None, state: str
) -> None:
    assert camera_state(message, round(silent_s * S), capture)[0] == state


def test_a_silent_camera_says_what_became_of_its_capture() -> None:
    assert camera_state(said(), 2 * S, role("backing off", "killed by signal 9"))[1] == (
        "capture belt: backing off. killed by signal 9"
    )


def test_every_camera_of_the_line_is_listed_before_it_has_said_a_word() -> None:
    status = Board(LINE, "s").status(NO_PAGE, 0)
    assert [(camera.name, camera.state) for camera in status.cameras] == [("belt", "starting"), ("lid", "starting")]
    assert status.line == "hall" and status.session == "s"


def test_counts_come_from_the_log_and_rates_from_the_capture() -> None:
    board = Board(LINE, "s")
    board.take(said(), 0)
    board.take(counted(), 0)
    seen = view(board, S // 10)
    assert (seen.captured, seen.good, seen.bad, seen.unknown, seen.dropped) == (9, 5, 2, 1, {"newest": 1})
    assert (seen.fps, seen.waiting, seen.lost, seen.ledger_closed) == (25.0, 2, 3, True)
    assert view(board, 2 * S).fps == 0.0


def test_the_ledger_of_a_camera_without_a_picture_is_closed_as_soon_as_the_recorder_can_know() -> None:
    board = Board(LINE, "s")
    assert not view(board, 0, "lid").ledger_closed
    board.take(counted(), 0)
    assert view(board, 0, "lid").ledger_closed


def test_alarms_of_recorder_and_house_are_shown_once_each() -> None:
    board = Board(LINE, "s")
    board.take(counted("disk full"), 0)
    board.take(HouseStatus((), ("disk full", "inspect 1 dies again and again")), 0)
    assert board.status(NO_PAGE, 0).alarms == ("disk full", "inspect 1 dies again and again")


def test_a_silent_recorder_is_an_alarm_unless_it_was_stopped() -> None:
    board = Board(LINE, "s")
    board.take(counted(), 0)
    assert board.status(NO_PAGE, S).alarms == ()
    assert "no word from the recorder for 5 s" in board.status(NO_PAGE, 5 * S).alarms[0]
    board.take(HouseStatus((role("stopped", name="record"),), ()), 0)
    assert board.status(NO_PAGE, 5 * S).alarms == ()


@pytest.mark.parametrize(
    ("camera", "expected_ms"),
    [
        (CameraSettings("a", "rtsp://x/", fps=0.1), 1000.0),
        (CameraSettings("a", "folder", fps=25.0), 1000.0),
        (CameraSettings("a", "folder", fps=0.5), 5000.0),
        (CameraSettings("a", "film.mp4"), 1000.0),
    ],
    ids=["live", "quick folder", "slow folder", "film"],
)
def test_a_picture_is_stale_after_a_second_unless_fewer_were_asked_for(
    camera: CameraSettings, expected_ms: float
) -> None:
    assert stale_after_ms(camera) == expected_ms
