"""An older log is brought up by one process alone, and never under a recorder that has it open."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.log_schema import VERSION
from stream.places import places_for
from tests.audited_log import GAP, make_log
from tests.line import ROOT, data_dir_of, rows, write_line
from tests.older_log import as_version_3
from tests.test_audit_vouched import verify
from tests.test_claim import holder

DEADLINE_S = 120
# Opens the log as a recorder does, and says each statement as it comes to it; it waits long for whoever writes.
OPENER = """
import sqlite3
import sys
from pathlib import Path

from stream.defect_log import DefectLog

real = sqlite3.connect

def telling(path, **how):
    db = real(path, **how | {"timeout": 120.0})
    db.set_trace_callback(lambda statement: print(statement.split("\\n")[0], flush=True))
    return db

sqlite3.connect = telling
DefectLog(Path(sys.argv[1]), int(sys.argv[2])).close()
"""


@contextlib.contextmanager
def writing(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """Somebody has the log for himself, until he says ROLLBACK."""
    with contextlib.closing(sqlite3.connect(data_dir / "log.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """A line's file, and in its data_dir a log of version 3."""
    file = write_line(tmp_path, tmp_path / "none.mp4")
    data_dir_of(file).mkdir()
    make_log(data_dir_of(file))
    as_version_3(data_dir_of(file))
    return file


@pytest.mark.parametrize("command", ["record", "run"])
def test_a_log_is_not_brought_up_under_a_recorder_that_runs(line: Path, command: str) -> None:
    data_dir = data_dir_of(line)
    with holder(places_for(data_dir).lock("record")) as recorder:
        ended = subprocess.run(
            [sys.executable, "-m", "stream", command, str(line)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        assert ended.returncode != 0
        assert f"a recorder of this line runs already (process {recorder.pid}); stop it first" in ended.stderr
    assert rows(data_dir, "PRAGMA user_version") == [(3,)]


def test_of_two_that_open_an_older_log_together_one_brings_it_up(
    line: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = data_dir_of(line)
    command = [sys.executable, "-c", OPENER, str(data_dir), str(GAP)]
    with writing(data_dir) as held:
        openers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for opener in openers:  # both are at the door: what they were to know before, they know
            assert opener.stdout is not None
            assert any(said == "BEGIN IMMEDIATE\n" for said in opener.stdout)
        held.execute("ROLLBACK")
    for opener in openers:
        opener.communicate()
        assert opener.returncode == 0
    assert rows(data_dir, "PRAGMA user_version") == [(VERSION,)]
    code, said = verify(data_dir, capsys)
    assert code == 0, said
