"""`python -m stream`: what its exit code says when the program itself is at fault."""

from __future__ import annotations

import re
import subprocess
import sys

from stream.__main__ import BROKEN
from stream.running import LEDGER_OPEN, NOTHING_JUDGED, OK
from tests.line import ROOT

UNIT = ROOT / "configs" / "systemd" / "linewatch@.service"
BREAKING = """
import stream.running
from stream.__main__ import main

stream.running.run = lambda arguments: 1 / 0
raise SystemExit(main(["run", "line.yaml"]))
"""


def test_a_fault_of_the_program_is_no_answer_about_the_line_and_no_end_to_a_service() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAKING], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == BROKEN and BROKEN not in (OK, LEDGER_OPEN, NOTHING_JUDGED), done.stderr
    assert "Traceback" in done.stderr and "ZeroDivisionError" in done.stderr
    ends = re.findall(r"^SuccessExitStatus=(.*)$", UNIT.read_text(), re.MULTILINE)
    assert ends == [str(LEDGER_OPEN)]
