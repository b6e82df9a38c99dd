"""A whole line of which one camera is lost: found, tried again for ever, its gap on record; the others never notice."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.http_camera import HttpCamera, endless
from tests.line import RunningLine, rows, running, wait_for, write_line

OTHER = '  lid:\n    source: "numbered:?size=320x240&fps=20&bad=0"\n'


def captured(line: RunningLine, camera: str) -> list[int]:
    return [
        count for (count,) in rows(line.data_dir, f"SELECT captured FROM runs WHERE camera='{camera}' ORDER BY run")
    ]


def said(line: RunningLine, camera: str, kind: str) -> list[str]:
    query = f"SELECT text FROM events WHERE camera='{camera}' AND kind='{kind}' ORDER BY id"
    return [text for (text,) in rows(line.data_dir, query)]


def test_a_lost_web_camera_is_tried_for_ever_and_no_other_camera_notices(tmp_path: Path) -> None:
    with HttpCamera(endless(fps=20)) as there:
        address = there.address_with("admin:s3cret")
        with running(write_line(tmp_path, address, more=OTHER, camera="silent_after_s: 20")) as line:
            wait_for(lambda: sum(captured(line, "belt")) > 10 and sum(captured(line, "lid")) > 10, "the first frames")
            there.die()
            wait_for(lambda: len(said(line, "belt", "source")) >= 2, "the loss, and that it does not come back")
            before = sum(captured(line, "lid"))
            wait_for(lambda: sum(captured(line, "lid")) > before + 10, "the other camera going on")
            there.start()
            wait_for(lambda: len(captured(line, "belt")) == 2 and captured(line, "belt")[1] > 10, "a second run")
            wait_for(lambda: said(line, "belt", "gap"), "the gap on record")
            line.process.terminate()
            summary = line.summary()
    belt, lid = (summary["cameras"][name] for name in ("belt", "lid"))
    assert line.process.returncode == 0 and belt["ledger_closed"] and lid["ledger_closed"], line.said()
    assert re.match(r"http://admin:\*\*\*@\S+: (the camera (ended|broke)|no picture)", said(line, "belt", "source")[0])
    assert "nothing listens there" in said(line, "belt", "source")[1]
    (gap,) = said(line, "belt", "gap")
    assert re.match(r"http://.+:\*\*\*@127.+; no pictures for \d+\.\d s$", gap)
    assert len(lid["runs"]) == 1 and said(line, "lid", "source") == said(line, "lid", "gap") == []
    assert "s3cret" not in line.said() + json.dumps(summary)
