"""What `make setup` may install: pinned, each file by its hash, and what requirements.txt says."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.conftest import ALONE, MAKERS
from tests.line import ROOT

LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)")
AGAIN = "run `make lock`"


@dataclass(frozen=True)
class Locked:
    """One package of the lock: its pin, and the hashes that its files may have."""

    name: str
    version: str
    hashes: tuple[str, ...]


def locked() -> list[Locked]:
    rows = [row for row in LOCK.read_text().replace("\\\n", " ").splitlines() if not row.startswith(("#", "--only"))]
    found = []
    for row in rows:
        pin = PIN.match(row)
        assert pin, f"not pinned: {row[:80]}"
        found.append(Locked(pin[1].lower(), pin[2], tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})(?= |$)", row))))
    return found


def test_every_package_is_pinned_with_the_hashes_of_its_files() -> None:
    packages = locked()
    assert len(packages) > 20
    assert [package.name for package in packages if not package.hashes] == []
    assert "--only-binary :all:" in LOCK.read_text().splitlines(), "to build a package is to run what nobody hashed"


def test_the_lock_is_of_these_requirements() -> None:
    pins = {
        (m[1].lower(), m[2]) for row in (ROOT / "requirements.txt").read_text().splitlines() if (m := PIN.match(row))
    }
    assert len(pins) > 10
    assert pins <= {(package.name, package.version) for package in locked()}, AGAIN


def test_make_setup_installs_from_the_lock_and_from_nothing_else() -> None:
    rule = (ROOT / "Makefile").read_text().partition("$(VENV)/.runtime: ")[2].partition("\n\n")[0]
    assert rule.startswith("requirements.lock |")
    assert "--require-hashes -r requirements.lock" in rule


@pytest.mark.parametrize(("name", "modules"), [("MAKERS", MAKERS), ("ALONE", ALONE)])
def test_make_test_runs_apart_exactly_what_is_marked_so(name: str, modules: frozenset[str]) -> None:
    named = re.search(rf"^{name} := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named and frozenset(named[1].split()) == modules
