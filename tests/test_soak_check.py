"""The checker of a soak: passes a healthy line, and finds each thing that could go wrong with one."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from tests.befallen import BEFALLEN, EXCUSED
from tests.line import ROOT, wait_for
from tests.sabotage import COMMITTING, spoilt_python
from tests.soaked import SEED, SHARE, film, soaking
from tests.tampering import FRAMES, TAMPERED, drop_a_row, sql
from tests.test_soak_check_around import BROKEN
from tools.soak_check import INVARIANTS, WHOLE_MINUTES, as_text, check
from tools.soak_check_facts import Finding, read_soak
from tools.soak_check_kept import BITS, burnt_number

SPOILT = {**TAMPERED, **BEFALLEN}  # what breaks which invariants
AROUND = ["unfit", "alarms", "files", "parts"]  # in test_soak_check_around.py
BROKER = ["taken", "one verdict", "of parts", "heard"]  # in test_soak_check_broker.py
RECORDED = ["segments", "gaps"]  # in test_soak_check_segments.py
PEOPLE = ["said", "held", "challenges", "oldest", "audit"]  # in test_soak_check_people.py
UNLOOKED = [
    "ages",
    *AROUND,
    *BROKER,
    "recipes",
    "clips",
    "half films",
    *RECORDED,
    *PEOPLE,
    "samples",
    "budgets",
    "acts",
    "adopted",
    "came back",
]  # a recording has no deadline; no clips, no acts, next to no samples; no capture died, no recovery was seen
# each broken in the files named above, or in test_soak_check_clips.py or test_soak_check_samples.py
APART = ("samples", "budgets", "acts", "half films", *BROKER, *RECORDED, *PEOPLE)
KILLED_AT = 25  # frames on record when recorder and inspector are killed


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"), FRAMES)


@pytest.fixture(scope="module")
def healthy(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a healthy line leaves that survived what finds the saboteurs."""
    return killed_midway(tmp_path_factory.mktemp("healthy"), recording)


def killed_midway(folder: Path, recording: Path, *spoils: str) -> Path:
    """A line whose recorder and inspector die while a slow transaction is on its way."""
    with soaking(folder, recording, FRAMES, python=spoilt_python(folder, "slow_commits", *spoils)) as soak:
        wait_for(lambda: soak.line.judged() > KILLED_AT, "the first verdicts")
        pids = {role: soak.line.wait_role(role) for role in ("record", "inspect 1")}
        wait_for((soak.line.data_dir / COMMITTING).exists, "a transaction on its way")
        for role, pid in pids.items():
            soak.kill(role, pid)
    return folder


@pytest.fixture
def copied(healthy: Path, tmp_path: Path) -> Path:
    """The same, to be tampered with."""
    folder = Path(shutil.copytree(healthy, tmp_path / "soak"))
    truth = json.loads((folder / "truth.json").read_text())
    truth["data_dir"] = str(folder / "data")
    (folder / "truth.json").write_text(json.dumps(truth))
    return folder


def broken(folder: Path) -> dict[str, Finding]:
    return {name: finding for name, finding in check(read_soak(folder)).items() if finding.breaks}


def test_a_healthy_line_passes_and_everything_was_looked_at(healthy: Path) -> None:
    findings = check(read_soak(healthy))
    assert {name: f.breaks for name, f in findings.items() if f.breaks} == {}
    assert [name for name, f in findings.items() if not f.checked] == UNLOOKED
    assert findings["accounted"].checked == FRAMES and findings["worst kept"].checked > 1


def test_an_invariant_that_saw_nothing_in_a_long_soak_is_broken_where_the_line_has_what_it_looks_at(
    healthy: Path,
) -> None:
    """It held only because it never looked."""
    short = read_soak(healthy)
    long = replace(short, minutes=WHOLE_MINUTES, has=frozenset({"page", "evidence budget"}))
    blind = {name for name, finding in check(long).items() if finding.breaks}
    assert blind == {"said", "held", "acts", "oldest", "audit", "adopted", "came back"}
    assert all("looked at nothing" in finding.breaks[0] for finding in check(long).values() if finding.breaks)
    assert not broken(healthy), "a short one says so, and no more"
    assert "looked at nothing: ages" in as_text(check(short))


# --- sabotage of what was kept ---


@pytest.mark.parametrize(("tamper", "named"), SPOILT.items(), ids=[tamper.__name__ for tamper in SPOILT])
def test_what_was_tampered_with_is_found_and_named(
    copied: Path, tamper: Callable[[Path], None], named: set[str]
) -> None:
    tamper(copied)
    assert named <= broken(copied).keys()


def test_each_invariant_is_broken_by_something_here() -> None:
    seen = set().union(*SPOILT.values(), {name for _, _, name in BROKEN.values()})
    assert {invariant.name for invariant in INVARIANTS} - seen == {"judged", *APART}


@pytest.mark.parametrize(("happen", "name"), EXCUSED.items(), ids=[happen.__name__ for happen in EXCUSED])
def test_what_a_fault_explains_is_no_break(copied: Path, happen: Callable[[Path], None], name: str) -> None:
    happen(copied)
    assert name not in broken(copied)


def test_a_line_that_judged_nothing_does_not_pass(copied: Path) -> None:
    sql(copied, "DELETE FROM verdicts", "DELETE FROM ledger", f"UPDATE runs SET captured=0, digest='{0:064x}'")
    assert "judged" in broken(copied)


# --- sabotage of a running line ---


@pytest.mark.parametrize("spoil", ["acknowledge_before_commit", "done_before_acknowledged"])
def test_a_line_that_forgets_too_early_is_found_out(recording: Path, tmp_path: Path, spoil: str) -> None:
    """Tried thrice: a line that is killed when its transaction is just over has forgotten nothing."""
    folders = (tmp_path / name for name in ("first", "second", "third"))
    assert any("accounted" in broken(killed_midway(made(folder), recording, spoil)) for folder in folders)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- the command ---


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.soak_check", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_command_says_line_by_line_what_held_and_what_did_not(copied: Path) -> None:
    drop_a_row(copied)
    done = command(str(copied))
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith(("held", "BROKEN", "not seen")) for line in lines) == len(INVARIANTS)
    assert any(line.startswith("BROKEN 1") and "rows and ledger" in line for line in lines)
    machine = command(str(copied), "--json")
    said = json.loads(machine.stdout)
    assert machine.returncode == 1 and not said["held"]
    assert "rows" in [invariant["name"] for invariant in said["invariants"] if invariant["breaks"]]


def lose_the_truth(folder: Path) -> None:
    (folder / "truth.json").unlink()


def garble_the_journal(folder: Path) -> None:
    (folder / "journal.jsonl").write_text("{")


def lose_the_log(folder: Path) -> None:
    shutil.rmtree(folder / "data")


def garble_the_log(folder: Path) -> None:
    (folder / "data" / "log.sqlite").write_bytes(b"no log" * 1000)


@pytest.mark.parametrize("spoil", [lose_the_truth, garble_the_journal, lose_the_log, garble_the_log])
def test_what_cannot_be_read_is_said_in_words(copied: Path, spoil: Callable[[Path], None]) -> None:
    spoil(copied)
    done = command(str(copied))
    assert done.returncode == 2 and done.stdout == ""
    assert str(copied) in done.stderr and "Traceback" not in done.stderr


# --- that it knows nothing of the code ---


def test_the_checker_imports_nothing_of_the_line() -> None:
    ours = sorted((ROOT / "tools").glob("soak_check*.py"))
    assert len(ours) > 4
    allowed = {*sys.stdlib_module_names, "av", "cv2", "numpy", *(f"tools.{path.stem}" for path in ours)}
    for path in ours:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name}: written with dots"
                whole = f"tools.{node.names[0].name}" if node.module == "tools" else str(node.module)
                names = [whole]
            for name in names:
                assert name in allowed or name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_the_checker_reads_the_numbers_and_knows_the_truth_as_the_source_burns_them(recording: Path) -> None:
    """Two programs, one layout: written apart, so that neither's mistake hides in the other."""
    from stream.sources.numbered_picture import draw, is_bad
    from tools.soak_check_story import Camera

    camera = Camera("belt", SEED, SHARE, True, True, FRAMES, None)
    for number in (0, 1, 77, 4095, (1 << BITS) - 1):
        picture = draw(number, 320, 240, bad=is_bad(SEED, "belt", number, SHARE))
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])
        assert burnt_number(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)) == number
        assert camera.is_bad(number) == is_bad(SEED, "belt", number, SHARE)
