"""The demo as it ships: its recording through its bundle; every scratched part is found, and no other is called BAD."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stream.sources.synthetic.truth import read_truth
from tests.line import ROOT


def printed(said: str, name: str) -> str:
    """What stands after a name in what the line said."""
    found = re.search(rf"^{name} +(\S.*)$", said, re.MULTILINE)
    assert found, f"no {name} in:\n{said}"
    return found[1]


@pytest.mark.timeout(1800)  # 600 frames in 1080p, on whatever is left of the machine
def test_the_demo_finds_every_scratched_part_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stream", "run", "configs/demo.yaml", "--until-end", "--json"]
    command += ["--set", "camera.pace=fast", "--set", f"data_dir={tmp_path / 'demo'}"]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1700, check=False
    )
    said = done.stderr
    assert done.returncode == 0, said

    belt = json.loads(done.stdout.splitlines()[-1])["cameras"]["belt"]
    assert (belt["captured"], belt["unknown"], belt["dropped"], belt["ledger_closed"]) == (600, 0, {}, True), said

    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*/\S*", printed(said, "Page"))
    assert Path(printed(said, "Log")).is_file()
    assert list(Path(printed(said, "Evidence")).glob("belt/*/*/frame.png"))
    assert Path(printed(said, "Overlay video")).stat().st_size > 0

    parts = read_truth(ROOT / "recordings" / "demo.truth.json").parts
    scratched = sum(part.scratched for part in parts)
    assert printed(said, "  Against truth") == f"{scratched} of {scratched} scratched parts found, no false alarm"
