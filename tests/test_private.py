"""What a line leaves is for its user alone, and no secret is in any of it: real lines, and all that they left."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import pytest

from stream.places import places_for
from stream.private import close_to_others
from tests.line import ROOT, TINY_BUNDLE, roles_of, rows, running, wait_for
from tests.page_requests import ask, send_token
from tests.recordings import numbered_frame, numbered_frames, write_recording

TOKEN, IN_ADDRESS, IN_FILE, IN_QUERY = "token-Xq7LbW2v", "address-Xq7LbW2v", "file-Xq7LbW2v", "query-Xq7LbW2v"
SECRETS = [secret.encode() for secret in (TOKEN, IN_ADDRESS, IN_FILE, IN_QUERY)]
COMMON = f"inspector:\n  bundle: {TINY_BUNDLE}\n  engine: onnxruntime\n  device: cpu\n"


def on_record(data_dir: Path, kind: str) -> bool:
    """Whether the line's log tells of requests that the page refused for this."""
    return rows(data_dir, f"SELECT 1 FROM events WHERE kind = 'refused' AND text LIKE 'page, {kind}:%127.0.0.1'") != []


@pytest.fixture
def careless() -> Iterator[None]:
    """The umask of somebody who lets everybody read and write everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What in the folder, itself included, anybody but its owner may read, write or enter."""
    found = []
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # a running line's: gone since it was listed
            mode = stat.S_IMODE(path.lstat().st_mode)
            found += [f"{path} {mode:o}"] if mode & 0o077 else []
    return found


def test_all_that_a_line_leaves_is_closed_to_others_whatever_the_umask(careless: None, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    file = tmp_path / "line.yaml"
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(30, bad=range(5, 20)))
    file.write_text(
        f"data_dir: {data_dir}\n{COMMON}display: {{port: 0}}\nrecorder: {{overlay_video: true}}\n"
        f"cameras:\n  belt: {{source: {recording}}}\n"
    )
    with running(file) as line:
        line.wait_beating("record")
        runtime = places_for(data_dir).folder
        assert open_to_others(runtime) == []
        line.summary()
    kept = {path.suffix for path in data_dir.rglob("*") if path.is_file()}
    assert kept >= {".sqlite", ".png", ".jpg", ".json", ".mp4"}
    assert open_to_others(data_dir) == []
    assert open_to_others(runtime) == []


def test_a_bundle_that_is_promoted_is_closed_to_others_whatever_the_umask(careless: None, tmp_path: Path) -> None:
    data_dir, file = tmp_path / "data", tmp_path / "line.yaml"
    for label, bad in (("good", False), ("bad", True)):
        (tmp_path / "golden" / label).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "golden" / label / "0.png"), numbered_frame(0, bad=bad))
    promoted = COMMON.replace(str(TINY_BUNDLE), "promoted")
    file.write_text(f"data_dir: {data_dir}\n{promoted}cameras: {{belt: {{source: 'synthetic:'}}}}\n")
    words = [str(file), str(TINY_BUNDLE), "--golden-set", str(tmp_path / "golden"), "--why", "a test"]
    subprocess.run([sys.executable, "-m", "tools.promote", *words], cwd=ROOT, check=True, capture_output=True)
    assert list(data_dir.rglob("*.onnx")) and list(data_dir.rglob("live.json"))
    assert open_to_others(data_dir) == []


def test_a_lines_folder_that_stood_open_is_closed_and_a_strangers_is_left(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    for folder in (ours, other):
        folder.mkdir()
        folder.chmod(0o755)
    (ours / "log.sqlite").touch()
    for folder in (ours, other, tmp_path / "none"):
        close_to_others(folder, "log.sqlite")
    assert (stat.S_IMODE(ours.stat().st_mode), stat.S_IMODE(other.stat().st_mode)) == (0o700, 0o755)


def test_no_secret_is_in_anything_that_a_line_leaves_and_refusals_are_on_record(tmp_path: Path) -> None:
    """Passwords in the address, in its query and in a file, and the page's token: looked for wherever a line writes."""
    for name, secret in (("token", TOKEN), ("password", IN_FILE)):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    data_dir, file = tmp_path / "data", tmp_path / "line.yaml"
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(20, bad=range(5, 15)))
    nobody = "127.0.0.1:9/x"  # nothing listens on the port `discard`
    file.write_text(
        f"data_dir: {data_dir}\n{COMMON}display: {{port: 0, token_file: token}}\n"
        f"cameras:\n  belt: {{source: {recording}}}\n"
        f"  one: {{source: 'rtsp://admin:{IN_ADDRESS}@{nobody}'}}\n"
        f"  two: {{source: 'rtsp://{nobody}?user=admin&pwd={IN_QUERY}'}}\n"
        f"  three: {{source: 'rtsp://{nobody}', username: admin, password_file: password}}\n"
    )
    said = [subprocess.run(
        [sys.executable, "-m", "stream", "check", file], cwd=ROOT, capture_output=True, check=False
    ).stdout]  # fmt: skip
    with running(file) as line:
        wait_for(lambda: "Page " in line.said(), "the page's address")
        address = next(row.split()[-1] for row in line.said().splitlines() if row.startswith("Page ")).rstrip("/")
        wait_for(lambda: len(rows(data_dir, "SELECT 1 FROM verdicts WHERE evidence IS NOT NULL")) > 0, "evidence")
        captures = {f"capture {camera}" for camera in ("belt", "one", "two", "three")}
        wait_for(lambda: captures <= roles_of(line.process.pid).keys(), "all captures: they come up in turns")
        pids = [line.process.pid, *roles_of(line.process.pid).values()]
        said += [Path(f"/proc/{pid}/{name}").read_bytes() for pid in pids for name in ("cmdline", "environ")]
        limits = [Path(f"/proc/{pid}/limits").read_text() for pid in pids]
        assert all(re.search(r"^Max core file size +0 ", text, re.MULTILINE) for text in limits), "a core file has all"
        for path in ("/", "/status.json", f"/?token={TOKEN}", f"/{TOKEN}"):
            code, body, headers = ask(address, path)
            said += [body, str(headers).encode()]
        assert send_token(address, TOKEN)[0] == 303
        with_token = partial(ask, address, "/status.json", Authorization=f"Bearer {TOKEN}")
        wait_for(lambda: b'"retrying"' in with_token()[1], "a camera that cannot be opened, with its reason")
        code, body, _ = with_token()
        assert code == 200
        said += [body]
        assert send_token(address, "a-wrong-token")[0] == 401
        assert ask(address, "/", Host="evil.example")[0] == 403
        assert ask(address, "/status.json", Origin="http://evil.example")[0] == 403
        for kind in ("no token", "wrong token", "wrong host", "cross-site"):
            wait_for(lambda kind=kind: on_record(data_dir, kind), f"the refusal `{kind}` on record")
        for _ in range(20):
            ask(address, "/", Host="evil.example")
        runtime = places_for(data_dir).folder
        left = {path: path.read_bytes() for path in runtime.rglob("*") if path.is_file()}
        line.process.send_signal(signal.SIGTERM)
        line.summary()
    late = rows(data_dir, "SELECT text FROM events WHERE kind = 'refused' AND text LIKE '%20 times since%'")
    assert len(late) == 1, "sums that are not told yet when the line stops enter the log with the last words"
    left |= {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    left[line.log_file] = line.log_file.read_bytes()
    assert len(left) > 10 and data_dir / "log.sqlite" in left and len(pids) >= 8
    assert b"rtsp://admin:***@127.0.0.1" in left[data_dir / "log.sqlite"], "the addresses are kept, without passwords"
    for secret in SECRETS:
        assert [path for path, content in left.items() if secret in content] == []
        assert [content[:200] for content in said if secret in content] == []
