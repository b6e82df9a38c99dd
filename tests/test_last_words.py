"""The report of a run whose worker dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.line import ROOT

DIES = "import ctypes, os, signal\n\ndef test_that_dies() -> None:\n    {}\n"
RUN = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", "--max-worker-restart", "0", "-c", "/dev/null")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGTERM)", "ended by SIGTERM", id="told"),
        pytest.param("ctypes.string_at(0)", "ended by SIGSEGV\nFatal Python error: Segmentation fault", id="crashed"),
        pytest.param("os._exit(7)", "ended by exit code 7", id="left"),
    ],
)
def test_what_ended_a_worker_stands_in_the_report(how: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom tests.last_words import *\n"
    )
    (tmp_path / "test_it.py").write_text(DIES.format(how))
    command = [sys.executable, *RUN, "--rootdir", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == pytest.ExitCode.INTERNAL_ERROR and said in ran.stdout, ran.stdout + ran.stderr
    assert ("in test_that_dies" in ran.stdout) == ("SIGSEGV" in said)
