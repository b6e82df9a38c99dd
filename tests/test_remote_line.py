"""The whole line on two hosts: capture, recorder and supervisor on one, the inspector on the other, started alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream.curve import new_pair
from stream.far import KEYS_SUFFIX
from stream.keys import KeyFolder
from tests.line import DEADLINE_S, intervals, rows, run_to_end, wait_for, write_line
from tests.recordings import numbered_frames, read_number, write_recording
from tests.two_hosts import TwoHosts, far_role, running_line, share_keys, two_hosts

FRAMES = 110
BAD = {20, 21, 22, 50, 51, 75, 76, 77, 78, 100}
PACED = "pace: recorded\npolicy: every"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "belt.mp4"
    return write_recording(path, numbered_frames(FRAMES, bad=BAD), fps=50)


@pytest.fixture(scope="module")
def hosts() -> Iterator[TwoHosts]:
    with two_hosts() as made:
        yield made


def seen(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return picture


def events(data_dir: Path, kind: str) -> list[str]:
    return [text for (text,) in rows(data_dir, f"SELECT text FROM events WHERE kind='{kind}' ORDER BY id")]


def test_raw_frames_judged_on_another_host_give_the_same_digest_though_the_inspector_is_killed(
    hosts: TwoHosts, recording: Path, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    undisturbed, _, _ = run_to_end(write_line(local, recording))
    file = write_line(tmp_path, recording, hosts.settings("raw"), camera=PACED)
    keys = share_keys(hosts, file)
    with running_line(hosts, file) as line, far_role(hosts, file, keys, "inspect") as far:
        wait_for(lambda: line.judged() > 40, "the first verdicts")
        far.kill()
        far.start()
        summary = line.summary()
    camera = summary["cameras"]["belt"]
    assert (camera["captured"], camera["unknown"], camera["dropped"]) == (FRAMES, 0, {}), line.said() + far.said()
    assert camera["ledger_closed"]
    assert camera["digest"] == undisturbed["cameras"]["belt"]["digest"]
    kept = rows(line.data_dir, "SELECT seq, evidence FROM verdicts WHERE evidence IS NOT NULL")
    assert len(kept) == 4
    for seq, folder in kept:
        assert read_number(seen(line.data_dir / folder / "frame.png")) == seq
        assert json.loads((line.data_dir / folder / "evidence.json").read_text())["judged_as"] == "pixels"


def test_jpeg_frames_keep_what_was_judged_through_a_cut_cable_and_a_revoked_key(
    hosts: TwoHosts, recording: Path, tmp_path: Path
) -> None:
    # So slowly that the cable is cut long before its end.
    file = write_line(tmp_path, recording, hosts.settings("jpeg"), camera=f"{PACED}\nfps: 15")
    keys = share_keys(hosts, file)
    with running_line(hosts, file) as line, far_role(hosts, file, keys, "inspect") as far:
        wait_for(lambda: line.judged() > 20, "the first verdicts")
        if hosts.apart:
            hosts.cut()
            wait_for(lambda: events(line.data_dir, "silent"), "its silence on record")
            judged = line.judged()
            hosts.mend()
            wait_for(lambda: line.judged() > judged, "verdicts after the cable is mended")
        ours = KeyFolder(line.data_dir.with_name(line.data_dir.name + KEYS_SUFFIX))
        revoked = ours.revoke("gpu")
        wait_for(lambda: revoked in " ".join(events(line.data_dir, "refused")), "the revoked host on record")
        far.kill()
        (keys / "gpu.secret").unlink()
        (keys / "gpu.public").unlink()
        KeyFolder(keys).keep("gpu", new_pair())
        (ours.path / "gpu.public").write_text((keys / "gpu.public").read_text())
        far.start()
        summary = line.summary()
    camera = summary["cameras"]["belt"]
    assert (camera["captured"], camera["unknown"], camera["dropped"]) == (FRAMES, 0, {}), line.said() + far.said()
    assert camera["ledger_closed"] and camera["bad"] == len(BAD)
    for seq, folder in rows(line.data_dir, "SELECT seq, evidence FROM verdicts WHERE evidence IS NOT NULL"):
        jpeg = seen(line.data_dir / folder / "frame.jpg")
        png = seen(line.data_dir / folder / "frame.png")
        assert np.array_equal(jpeg, png) and read_number(png) == seq
        assert json.loads((line.data_dir / folder / "evidence.json").read_text())["judged_as"] == "jpeg"
    assert 0 < summary["latency_ms"]["p50"] < 20_000


def test_a_recorder_and_a_page_on_another_host_keep_what_was_judged_beside_the_camera(
    hosts: TwoHosts, recording: Path, tmp_path: Path
) -> None:
    file = write_line(tmp_path, recording, hosts.settings("raw", "record, display"), camera=PACED)
    keys = share_keys(hosts, file)
    away = tmp_path / "gpu-data"
    with (
        running_line(hosts, file) as line,
        far_role(hosts, file, keys, "record") as far,
        far_role(hosts, file, keys, "display") as page,
    ):
        wait_for(lambda: rows(away, "SELECT 1 FROM ledger"), "the first records")
        far.kill()
        far.start()
        line.process.wait(DEADLINE_S)
        assert page.process is not None and page.process.poll() is None
    assert line.process.returncode == 0 and "The log lies on the host gpu" in line.said(), line.said() + far.said()
    assert not (line.data_dir / "log.sqlite").exists()
    session, captured, ended = rows(away, "SELECT session, captured, ended FROM runs")[0]
    assert (captured, ended) == (FRAMES, 1) and (session,) in rows(away, "SELECT session FROM sessions")
    assert sum(i.stop - i.start for i in intervals(away)) == FRAMES
    kept = rows(away, "SELECT seq, evidence FROM verdicts WHERE evidence IS NOT NULL")
    assert len(kept) == 4
    for seq, folder in kept:
        assert read_number(seen(away / folder / "frame.png")) == seq


def test_a_capture_on_another_host_is_judged_and_recorded_here_though_it_is_killed(
    hosts: TwoHosts, recording: Path, tmp_path: Path
) -> None:
    file = write_line(tmp_path, recording, hosts.settings("raw", "capture"), camera=PACED)
    keys = share_keys(hosts, file)
    with running_line(hosts, file) as line, far_role(hosts, file, keys, "capture", "--camera", "belt") as far:
        wait_for(lambda: line.judged() > 20, "the first verdicts")
        far.kill()
        far.start()
        summary = line.summary()
    camera = summary["cameras"]["belt"]
    assert (camera["captured"], camera["bad"], camera["dropped"]) == (FRAMES, len(BAD), {}), line.said() + far.said()
    assert camera["ledger_closed"] and len(camera["runs"]) == 1
    assert len(rows(line.data_dir, "SELECT 1 FROM verdicts WHERE evidence IS NOT NULL")) == 4
