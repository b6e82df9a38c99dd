"""A role that once had many pictures in hand has their memory no longer."""

from __future__ import annotations

import subprocess
import sys

from tests.line import ROOT

PROGRAM = """
import sys
from stream.give_back import give_back_pictures
import numpy as np

def anonymous_mb():
    return next(int(row.split()[1]) for row in open("/proc/self/smaps_rollup") if row.startswith("Anonymous:")) / 1000

if sys.argv[1] == "gives back":
    give_back_pictures()
np.full(6_200_000, 1, np.uint8)  # freed at once: glibc's threshold goes up
before = anonymous_mb()
kept, held = [], []
for _ in range(20):
    held.append(np.full(6_200_000, 1, np.uint8))
    kept.append(np.full(2_000, 1, np.uint8))  # lies above each picture, as rows and replies do
held.clear()
print(anonymous_mb() - before)
"""


def left_mb(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    )
    return float(done.stdout)


def test_pictures_that_are_done_with_leave_no_memory_behind() -> None:
    assert left_mb("as glibc does") > 60, "else there is nothing to be mended on this system, and this proves nothing"
    assert left_mb("gives back") < 10
