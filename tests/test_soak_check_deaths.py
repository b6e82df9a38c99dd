"""The checker's invariant of adopted frames: what lay in a dead capture's ring is judged, and what may excuse that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tools.soak_check_deaths import adopted
from tools.soak_check_facts import Soak
from tools.soak_check_journal import Journal
from tools.soak_check_log import Log, Span
from tools.soak_check_story import Camera, Leaks, read_rings

RUN = 7
LIVE = Camera("live", 1, 0.2, False, False, None, 1000.0)
DIED = "dropped:capture_died"


@pytest.mark.parametrize(
    ("camera", "outcome", "snapshots", "broken"),
    [
        (LIVE, "GOOD", [[3]], False),
        (LIVE, DIED, [[3]], True),
        (LIVE, DIED, [[3], [3]], True),
        (LIVE, DIED, [[3], [9]], False),
        (replace(LIVE, every=True), DIED, [[3], [9]], True),
        (LIVE, "dropped:ring_full", [[3]], False),
        (replace(LIVE, every=True), "dropped:ring_full", [[3]], True),
        (LIVE, "dropped:behind", [[3], [9]], True),
    ],
    ids=[
        "judged",
        "forgotten by its only heir",
        "forgotten by the last heir",
        "given way in the memory of an heir that died",
        "no frame of this camera may give way",
        "given way where no slot was free",
        "no frame of this camera may give way, whatever the name",
        "another name",
    ],
)
def test_a_frame_that_lay_in_a_ring_is_judged_or_gave_way(
    tmp_path: Path, camera: Camera, outcome: str, snapshots: list[list[int]], broken: bool
) -> None:
    told = [{"camera": "live", "pid": 1, "held": [[RUN, seq] for seq in held]} for held in snapshots]
    (tmp_path / "rings.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in told))
    spans = (Span("live", RUN, 3, 4, outcome), Span("live", RUN, 9, 10, "GOOD"))
    log = Log(faults=(), sessions=("s",), runs=(), spans=spans, rows=(), events=())
    soak = Soak({"live": camera}, 10, ("b",), Journal(), Leaks(), log, {}, rings=read_rings(tmp_path))
    assert bool(adopted(soak).breaks) == broken
