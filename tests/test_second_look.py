"""The second look: at the few that failed, and at nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.line import ROOT

HOLDS = "def test_that_holds(): pass\n"
FAILS = "import pytest\n@pytest.mark.parametrize('n', range({}))\ndef test_that_fails(n): assert False\n"
ONCE = (
    "import pathlib\n"
    "def test_with_a_race():\n"
    "    seen = pathlib.Path('seen')\n"
    "    held = seen.exists()\n"
    "    seen.touch()\n"
    "    assert held\n"
)
SKIPS = ONCE.replace("    assert held", "    if held: __import__('pytest').skip()\n    assert held")
DIES = "import os\ndef test_that_dies(): os.abort()\n"
LOOKED, HELD = "A second look, alone, at what failed:", "Failed at first and held alone"


@pytest.mark.parametrize(
    ("test", "code", "looked", "held"),
    [
        pytest.param(HOLDS, 0, False, False, id="holds"),
        pytest.param(ONCE, 0, True, True, id="race"),
        pytest.param(FAILS.format(1), 1, True, False, id="fails twice"),
        pytest.param(FAILS.format(3) + ONCE, 1, False, False, id="more than a few"),
        pytest.param(ONCE + FAILS.format(1), 1, True, False, id="one of two holds"),
        pytest.param(SKIPS, 1, True, False, id="skipped then"),
        pytest.param("import nothing_known\n", 2, True, False, id="not even read"),
        pytest.param(DIES, pytest.ExitCode.INTERNAL_ERROR, False, False, id="a worker dies"),
    ],
)
def test_few_that_failed_are_looked_at_again(test: str, code: int, looked: bool, held: bool, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text("from tests.last_words import *\n")
    (tmp_path / "test_it.py").write_text(test)
    (tmp_path / "test_other.py").write_text(HOLDS)
    command = [sys.executable, "-m", "tests.second_look", "-q", "-n", "2", "--max-worker-restart", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert (LOOKED in ran.stdout, HELD in ran.stdout) == (looked, held)
    assert not looked or "test_it.py" in ran.stdout.partition(LOOKED)[2]
