"""The tests, and a second look at the few that failed: alone, on a machine that does nothing else by then.

Thousands of tests with real processes run beside each other, often on a machine that others use, too: one that a stall
of the machine failed shall not refuse what is sound. A test that fails twice fails the run; so do more than a few of
them, a worker that died, a run that was ended, and a test that is skipped when it is looked at again. What failed and
then held is named at the end, to be mended: there the test or the product has a race.

    python -m tests.second_look ARGUMENT ...     arguments of pytest
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

FEW = 3  # a machine's stall fails one or two; more of them is a fault of what they test
CACHE = Path(".pytest_cache", "v", "cache", "lastfailed")
ALONE = ("-n", "0", "--last-failed", "--last-failed-no-failures", "none")


def main(arguments: list[str]) -> int:
    """The exit code of pytest; 0 also where all that failed held when looked at again."""
    code = pytest_of("--cache-clear", *arguments)
    failed = sorted(json.loads(CACHE.read_text())) if code == pytest.ExitCode.TESTS_FAILED else []
    if not 1 <= len(failed) <= FEW:
        return code
    say("A second look, alone, at what failed", failed)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told.xml")
        code = pytest_of(*arguments, *ALONE, f"--junitxml={told}")
        skipped = ElementTree.parse(told).findall(".//testcase[skipped]")
    if code == pytest.ExitCode.OK and skipped:
        say("Failed at first and was skipped then: nobody knows whether it holds", failed)
        return pytest.ExitCode.TESTS_FAILED
    if code == pytest.ExitCode.OK:
        say("Failed at first and held alone: a race in the test or in the product, to be mended", failed)
    return code


def pytest_of(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def say(what: str, tests: list[str]) -> None:
    print(f"\n{what}:", *tests, sep="\n  ", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
