"""Where a camera is calibrated, its defects are told in millimetres beside pixels, by the scale that held then."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

from stream.defect_log import open_for_reading
from stream.log_frames import read_frames, scaled
from stream.log_tables import write_table
from tests.line import data_dir_of, run_to_end, write_line
from tests.recordings import numbered_frames, write_recording


def listed(data_dir: Path) -> str:
    out = StringIO()
    with closing(open_for_reading(data_dir)) as db:
        write_table(scaled(db, read_frames(db, since=None, camera=None, state=None)), out)
    return out.getvalue()


def test_a_defect_is_told_in_millimetres_by_the_scale_of_its_session(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "belt.mp4", numbered_frames(6, bad={3}))
    summary, code, said = run_to_end(write_line(tmp_path, recording, camera="mm_per_px: 0.5"))
    assert code == 0 and summary["cameras"]["belt"]["bad"] == 1, said
    data_dir = data_dir_of(tmp_path / "line.yaml")
    (row,) = (row for row in listed(data_dir).splitlines() if " BAD  " in row)
    found = re.search(r"(\d+) x (\d+) px \(([0-9.]+) x ([0-9.]+) mm\)", row)
    assert found is not None
    assert abs(float(found[3]) - int(found[1]) / 2) <= 0.26 and abs(float(found[4]) - int(found[2]) / 2) <= 0.26
    (kept,) = data_dir.glob("evidence/belt/*/*/evidence.json")
    assert json.loads(kept.read_text())["mm_per_px"] == 0.5
    with closing(sqlite3.connect(data_dir / "log.sqlite")) as db:
        db.execute("UPDATE sessions SET settings = json_remove(settings, '$.cameras[0].mm_per_px')")  # of before it was
        db.commit()
    assert " px" in listed(data_dir) and "mm" not in listed(data_dir)
