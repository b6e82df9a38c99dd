"""A whole line with regions: they are named in the log and in the evidence, and no kill changes the digest."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

from detector.by_region import RegionJudge
from stream.configuration import read_line
from stream.judge import open_judge
from stream.run_book import DIGEST_MODULUS, digest_term
from stream.sources.video_file import VideoFile
from tests.line import intervals, rows, running, wait_for, write_line
from tests.recordings import numbered_frames, write_recording

FRAMES, BAD = 30, {7, 8, 25}  # their red square lies at [220, 140, 300, 220]
REGIONS = """regions:
  left: {box: [0, 100, 150, 240]}
  right: {tiles: {box: [150, 40, 320, 240], size: 100, overlap: 20}}
"""


def test_a_line_with_regions_names_them_and_gives_the_same_digest_also_after_a_kill(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(FRAMES, bad=BAD), fps=5)
    file = write_line(tmp_path, recording, camera=f"pace: recorded\n{REGIONS}")
    with running(file) as line:
        wait_for(lambda: line.judged() >= 5, "five frames judged")
        line.kill("inspect 1")
        line.summary()
        assert line.process.returncode == 0, line.said()
    outcomes = [one.outcome for one in intervals(line.data_dir) for _ in range(one.start, one.stop)]
    assert [seq for seq, outcome in enumerate(outcomes) if outcome == "BAD"] == sorted(BAD)
    assert set(outcomes) == {"GOOD", "BAD"}
    for reason, defects in rows(line.data_dir, "SELECT reason, defects FROM verdicts"):
        assert reason == "BAD in right"
        (defect,) = json.loads(defects)
        assert defect["region"] == "right"
        assert all(abs(a - b) <= 6 for a, b in zip(defect["box"], (220, 140, 300, 220), strict=True)), (
            "across four tiles"
        )
    described = [json.loads(path.read_text()) for path in line.data_dir.glob("evidence/*/*/*/evidence.json")]
    assert described
    for one in described:
        assert [(region["name"], region["state"]) for region in one["regions"]] == [("left", "GOOD"), ("right", "BAD")]
    assert rows(line.data_dir, "SELECT digest FROM runs") == [(f"{digest_of(recording, file):064x}",)], (
        "to the last bit"
    )


def digest_of(recording: Path, file: Path) -> int:
    """Of the same frames, judged here one after the other."""
    settings = read_line(file)
    judge = RegionJudge(open_judge(settings.inspector), time.perf_counter)
    total = 0
    with closing(VideoFile(recording)) as source:
        for picture in source.pictures():
            verdict = judge.judge(picture.pixels, settings.cameras[0].where)
            total += digest_term(picture.index, verdict.state.value, verdict.score, verdict.mask_sha256)
    return total % DIGEST_MODULUS
