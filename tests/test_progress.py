"""Progress at a terminal and in a log: what others print meanwhile must survive it."""

from __future__ import annotations

import io
import re

import pytest

from stream.lost import LOST_S
from stream.messages import CameraCounts, CameraStatus, HouseStatus, LineStatus
from stream.progress import Progress, camera_line, progress_lines

WELL = HouseStatus((), ())
CODE = re.compile(r"\x1b\[(\?7)?(\d*)([AJlh])")


class Terminal(io.StringIO):
    """A terminal that knows the few codes that progress uses."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """The rows that a person sees; the last is the one below the last line feed."""
        rows, row, column = [""], 0, 0
        text, at = self.getvalue(), 0
        while at < len(text):
            if code := CODE.match(text, at):
                at = code.end()
                if code[3] == "A":
                    row -= int(code[2])
                    assert row >= 0, "moved above what it has printed"
                elif code[3] == "J":
                    rows[row:] = [rows[row][:column]]
                continue
            assert text[at] != "\x1b", f"unknown code {text[at : at + 6]!r}"
            if text[at] == "\n":
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            else:
                rows[row] = rows[row][:column].ljust(column) + text[at] + rows[row][column + 1 :]
                column += 1
            at += 1
        return rows


def camera(captured: int, name: str = "belt") -> CameraStatus:
    return CameraStatus(name, 1, "running", "", captured, 25.0, 0, 0.0, {}, 0, True)


@pytest.fixture(autouse=True)
def every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.progress.TERMINAL_EVERY_S", 0.0)


def seen(terminal: Terminal) -> list[str]:
    """What is on the screen, without the numbers of a camera's line."""
    return [re.sub(r"  0 BAD.*", "", row) for row in terminal.screen()]


def test_a_block_takes_the_place_of_the_one_before() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress.show([camera(1), camera(1, "lid")], None, HouseStatus((), ("the disk is full",)))
    progress.show([camera(2), camera(3, "lid")], None, WELL)
    assert seen(terminal) == ["", "belt         running  2 frames", "lid          running  3 frames", ""]


def test_a_log_line_between_two_blocks_survives() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress.show([camera(1)], None, WELL)
    terminal.write("12:00:00 WARNING inspect 1 died\n")
    progress.show([camera(2)], None, WELL)
    terminal.write("12:00:01 WARNING inspect 1 died again\n")
    progress.show([camera(3)], None, WELL)
    progress.finish()
    assert seen(terminal) == [
        "12:00:00 WARNING inspect 1 died",
        "12:00:01 WARNING inspect 1 died again",
        "",
        "belt         running  3 frames",
        "",
    ]


def test_several_log_lines_between_two_blocks_all_survive() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress.show([camera(1)], None, WELL)
    said = [f"12:00:0{n} WARNING line {n}" for n in range(5)]
    terminal.write("".join(line + "\n" for line in said))
    progress.show([camera(2)], None, WELL)
    rows = terminal.screen()
    assert all(row.startswith(line) for row, line in zip(rows, said, strict=False))
    assert seen(terminal)[5:] == ["", "belt         running  2 frames", ""]


@pytest.mark.parametrize("between", ["", "12:00:00 WARNING a recorder died\n"], ids=["at-once", "after-a-log-line"])
def test_what_comes_after_the_end_stands_below_the_block(between: str) -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    progress.show([camera(7)], None, WELL)
    terminal.write(between)
    progress.finish()
    progress.finish()
    terminal.write("Camera belt\n")
    assert seen(terminal) == [*between.splitlines(), "", "belt         running  7 frames", "Camera belt", ""]


def test_a_log_gets_lines_without_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.progress.LOG_EVERY_S", 0.0)
    out = io.StringIO()
    progress = Progress(out)
    progress.show([camera(1)], None, HouseStatus((), ("the disk is full",)))
    progress.finish()
    first, alarm = out.getvalue().splitlines()
    assert first.startswith("belt         running  1 frames  0 BAD") and alarm == "ALARM  the disk is full"


COUNTED = CameraCounts("belt", 100, 60, 5, 30, {"newest": 5}, False, 1)


def test_after_a_capture_was_started_again_there_are_never_more_unknown_than_frames() -> None:
    """Its own count begins anew; what the log has of the session does not."""
    again = CameraStatus("belt", 2, "running", "", 3, 25.0, 0, 0.0, {"ring_full": 1}, 0, True)
    (line,) = progress_lines([again], LineStatus("s", "", "", (COUNTED,), (), None, None, ()), WELL)
    assert "100 frames  5 BAD  30 UNKNOWN  5 dropped" in line


def test_before_the_recorder_has_said_anything_the_captures_own_count_is_shown() -> None:
    assert "7 frames  0 BAD  0 UNKNOWN  0 dropped" in camera_line(camera(7), None)


def test_a_camera_that_has_been_lost_for_a_while_is_an_alarm_at_the_terminal_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 1000.0
    monkeypatch.setattr("stream.progress.time.monotonic", lambda: now_s)
    terminal = Terminal()
    progress = Progress(terminal)

    def after(seconds: float, state: str) -> list[str]:
        nonlocal now_s
        now_s += seconds
        lid = CameraStatus("lid", 1, state, "nothing listens there", 8, 0.0, 0, 0.0, {}, 0, True)
        progress.show([camera(1), lid], None, WELL)
        return [row for row in terminal.screen() if row.startswith("ALARM")]

    assert not after(0.0, "retrying") and not after(LOST_S - 0.1, "retrying")
    (alarm,) = after(0.1, "retrying")
    assert alarm.startswith("ALARM  lid: ") and "nothing of it is inspected" in alarm
    assert not after(1.0, "running") and not after(1.0, "retrying"), "it came back, so that is another loss"
