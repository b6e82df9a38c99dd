"""The right to be the only one in a place."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.claim import BusyError, Claim
from stream.places import Places
from tests.line import ROOT
from tests.test_line_disk import fill, small_disk

HOLDING = """
import sys
from pathlib import Path
from stream.claim import Claim

claim = Claim(Path(sys.argv[1]), "a recorder of this line")
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a claim."""
    command = [sys.executable, "-c", HOLDING, str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_claim_is_refused_with_the_process_that_has_the_first(places: Places) -> None:
    path = places.lock("record")
    with holder(path) as first:
        with pytest.raises(BusyError, match=f"a recorder of this line runs already .process {first.pid}."):
            Claim(path, "a recorder of this line")
        first.kill()
        first.wait(60)
        second = Claim(path, "a recorder of this line")
    assert path.read_text().strip() == f"{os.getpid()}"
    second.close()
    second.close()
    Claim(path, "a recorder of this line").close()


def test_a_claim_is_had_where_memory_is_full_and_gives_no_page_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten = os.ftruncate
    with small_disk(tmp_path / "memory", 1) as folder:
        path = folder / "record.lock"
        path.write_text("1234567\n")  # as a dead process left it
        # Whatever is given back, somebody else has at once.
        monkeypatch.setattr(os, "ftruncate", lambda *words: (shorten(*words), fill(folder)))
        fill(folder)
        Claim(path, "a recorder of this line").close()
        assert path.read_text().strip() == str(os.getpid())
        with holder(path) as second, pytest.raises(BusyError, match=f"process {second.pid}."):
            Claim(path, "a recorder of this line")
        path.unlink()
        fill(folder)
        Claim(path, "a recorder of this line").close()
