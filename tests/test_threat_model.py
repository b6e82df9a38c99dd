"""docs/security.md names a test for each line of its threat model, and each of them exists."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

import pytest

from tests.line import ROOT

NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
ATTACKERS = (
    "a stranger on the network",
    "a web page in the operator's browser",
    "another user on this computer",
    "a camera or RTSP server",
    "a bundle from somebody else",
    "a checkpoint from somebody else",
    "a YAML from somebody else",
    "a supply chain",
)


@dataclass(frozen=True)
class Threat:
    """One line of the table."""

    who: str
    tries: str
    stopped_by: str
    shown_by: str


def threats() -> list[Threat]:
    section = (ROOT / "docs" / "security.md").read_text().partition("## The threat model")[2].partition("\n## ")[0]
    rows = [row.strip().strip("|").split(" | ") for row in section.splitlines() if row.startswith("|")]
    return [Threat(*(cell.strip() for cell in row)) for row in rows[2:]]


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("threat", threats(), ids=lambda threat: f"{threat.who}: {threat.tries}")
def test_what_stops_a_threat_is_shown_by_tests_that_exist(threat: Threat) -> None:
    named = NAMED.findall(threat.shown_by)
    assert threat.stopped_by and named, "each line says what stops it and which test shows it"
    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []


def test_nobody_is_left_out() -> None:
    assert set(ATTACKERS) <= {threat.who for threat in threats()}
    assert len(threats()) > 30
