"""A whole line on an RTSP camera: what breaks is said, tried again and on record; the password is nowhere."""

from __future__ import annotations

import re
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.line import DEADLINE_S, RunningLine, roles_of, rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording
from tests.rtsp import RtspServer, need_rtsp_server
from tests.sabotage import spoilt_python

USER, PASSWORD = "admin", "s3cr3t%pass"
PATIENT = "silent_after_s: 10"  # a machine that others use must not make a camera lost


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_rtsp_server()
    return write_recording(tmp_path_factory.mktemp("rtsp") / "belt.mp4", numbered_frames(50, bad={10, 11}))


def runs(line: RunningLine) -> list[int]:
    return [run for (run,) in rows(line.data_dir, "SELECT run FROM runs ORDER BY run")]


def captured(line: RunningLine) -> list[int]:
    """Frames captured in each run, as far as the log has it."""
    return [count for (count,) in rows(line.data_dir, "SELECT captured FROM runs ORDER BY run")]


def events(line: RunningLine, kind: str) -> list[str]:
    return [text for (text,) in rows(line.data_dir, f"SELECT text FROM events WHERE kind = '{kind}' ORDER BY id")]


def stop(line: RunningLine) -> dict[str, object]:
    """Stops the line in order: the camera's summary."""
    line.process.send_signal(signal.SIGTERM)
    return line.summary()["cameras"]["belt"]


def page(line: RunningLine) -> str:
    """What the page knows, as text."""

    def answered() -> str:
        address = re.search(r"http://\S+", line.said())
        if address is None:
            return ""
        try:
            with urllib.request.urlopen(f"{address[0]}status.json", timeout=60) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    return str(wait_for(answered, "the page"))


@pytest.mark.parametrize(
    ("breaks", "comes_back", "said"),
    [
        (RtspServer.kill, RtspServer.start, "the camera ended the stream"),
        (RtspServer.freeze, RtspServer.thaw, "no picture; does it still work"),
    ],
    ids=["dies", "freezes"],
)
def test_a_camera_that_goes_and_comes_back_is_two_runs_with_a_gap_between(
    recording: Path,
    tmp_path: Path,
    breaks: Callable[[RtspServer], None],
    comes_back: Callable[[RtspServer], None],
    said: str,
) -> None:
    with RtspServer(recording) as server, running(write_line(tmp_path, server.address, camera=PATIENT)) as line:
        wait_for(lambda: sum(captured(line)) > 10, "the first frames")
        breaks(server)
        wait_for(lambda: events(line, "source"), "the failure on record")
        assert said in events(line, "source")[0]
        comes_back(server)
        wait_for(lambda: len(captured(line)) == 2 and captured(line)[1] > 10, "frames of a second run")
        camera = stop(line)
    assert line.process.returncode == 0, line.said()
    assert len(runs(line)) == 2 and camera["runs"] == runs(line) and camera["ledger_closed"], line.said()
    (gap,) = events(line, "gap")
    assert re.search(r"; no pictures for \d+\.\d s$", gap)
    assert said in rows(line.data_dir, "SELECT note FROM runs ORDER BY run")[0][0]
    for run, frames in rows(line.data_dir, "SELECT run, captured FROM runs"):
        query = f"SELECT start, stop FROM ledger WHERE run = {run} ORDER BY start"
        tiles = rows(line.data_dir, query)
        assert [start for start, _ in tiles] == [0, *(end for _, end in tiles[:-1])] and tiles[-1][1] == frames


def test_a_camera_that_is_off_at_the_start_is_picked_up_when_it_comes(recording: Path, tmp_path: Path) -> None:
    with RtspServer(recording) as server:
        server.kill()
        with running(write_line(tmp_path, server.address, camera=PATIENT)) as line:
            wait_for(lambda: "nothing listens there" in line.said(), "the failure, said")
            wait_for(lambda: '"retrying"' in page(line), "the page to say so")
            assert "nothing listens there" in page(line)
            server.start()
            wait_for(lambda: sum(captured(line)) > 10, "the first frames")
            camera = stop(line)
    assert line.process.returncode == 0 and camera["ledger_closed"] and len(runs(line)) == 1, line.said()


def test_a_capture_that_decodes_more_slowly_than_its_camera_sends_leaves_out_by_name_and_says_so(
    recording: Path, tmp_path: Path
) -> None:
    """Over tcp nothing is lost: what nobody reads waits in the network, and grows older and older."""
    python, file = spoilt_python(tmp_path, "slow_decoding"), write_line(tmp_path, "", camera=PATIENT)
    with RtspServer(recording) as server, running(file, "--source", server.address, python=python) as line:
        wait_for(lambda: "TOO MANY PICTURES" in page(line) and '"behind":' in page(line), "the alarm, and the count")
        wait_for(lambda: events(line, "behind"), "the event")
        wait_for(lambda: sum(stop - start for start, stop, what in fates(line) if what in JUDGED) >= 10, "verdicts")
        camera = stop(line)
    assert line.process.returncode == 0 and camera["ledger_closed"] and len(runs(line)) == 1, line.said()
    assert camera["dropped"]["behind"] > 0, camera
    assert "TOO MANY PICTURES: they come faster than this computer decodes them" in events(line, "behind")[0]
    tiles = fates(line)
    assert [start for start, _, _ in tiles] == [0, *(end for _, end, _ in tiles[:-1])]
    assert sum(end - start for start, end, what in tiles if what == "dropped:behind") == camera["dropped"]["behind"]


JUDGED = ("GOOD", "BAD", "UNKNOWN")


def fates(line: RunningLine) -> list[tuple[int, int, str]]:
    """What became of each frame of the first run, as intervals."""
    return [
        (a, b, str(what))
        for a, b, what in rows(line.data_dir, "SELECT start, stop, outcome FROM ledger ORDER BY start")
    ]


def traces(line: RunningLine) -> dict[str, bytes]:
    """Everything that others could read of a running line, by where it was found."""
    found = {"said": line.said().encode(), "page": page(line).encode()}
    for name, pid in {"run": line.process.pid, **roles_of(line.process.pid)}.items():
        for file in ("cmdline", "comm", "environ"):
            found[f"{file} of {name}"] = content(Path("/proc") / str(pid) / file)
    found |= {str(path): content(path) for path in line.data_dir.rglob("*") if path.is_file()}
    return found


def content(path: Path) -> bytes:
    """Of what may be gone since it was listed: a picture that has its name by now, a process that has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def assert_nowhere(password: str, found: dict[str, bytes]) -> None:
    written = {password.encode(), password.replace("%", "%25").encode()}
    assert len(found) > 10
    assert not [place for place, content in found.items() if any(word in content for word in written)]


def test_a_wrong_password_is_said_and_tried_again_and_stands_nowhere(recording: Path, tmp_path: Path) -> None:
    wrong = "wr0ng%pass"
    with RtspServer(recording, user=USER, password=PASSWORD) as server:
        with running(write_line(tmp_path, server.address_with(USER, wrong))) as line:
            wait_for(lambda: events(line, "source"), "the failure on record")
            assert "wrong user name or password" in events(line, "source")[0]
            wait_for(lambda: '"retrying"' in page(line), "the page to say so")
            assert "wrong user name or password" in page(line)
            assert "safer" in line.said(), "a password in an address is accepted with a hint"
            found = traces(line)
            line.process.send_signal(signal.SIGTERM)
            out, _ = line.process.communicate(timeout=DEADLINE_S)
        assert_nowhere(wrong, found | {"stdout": out.encode(), "said at the end": line.said().encode()})
        assert line.process.returncode == 2, "nothing was captured"
        assert "Traceback" not in line.said()


def test_the_password_file_opens_the_camera_and_stands_nowhere_else(recording: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    login = f"username: {USER}\npassword_file: {secret}"
    with (
        RtspServer(recording, user=USER, password=PASSWORD) as server,
        running(write_line(tmp_path, server.address, camera=login)) as line,
    ):
        wait_for(lambda: rows(line.data_dir, "SELECT 1 FROM verdicts WHERE evidence IS NOT NULL"), "evidence")
        found = traces(line)
        camera = stop(line)
    assert line.process.returncode == 0 and camera["ledger_closed"], line.said()
    assert_nowhere(PASSWORD, found | {"said at the end": line.said().encode()})
