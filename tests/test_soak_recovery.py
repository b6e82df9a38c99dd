"""Who is hit in a soak, and who is spared: a third death before it works is a crash loop, in which a line gives up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from stream.heart import Heart, clear
from tools.soak_house import House
from tools.soak_journal import Journal
from tools.soak_recovery import Recoveries


@dataclass(frozen=True)
class Line:
    """What is asked of a line: where the heart of its one role beats."""

    folder: Path

    @property
    def places(self) -> Line:
        return self

    def standing(self, target: str) -> str:
        return target

    def heart(self, role: str) -> Path:
        return self.folder / role


@pytest.fixture
def recoveries(tmp_path: Path) -> Iterator[Recoveries]:
    journal = Journal(tmp_path / "journal.jsonl")
    yield Recoveries(cast(House, Line(tmp_path)), journal)
    journal.close()


def test_a_role_is_spared_once_it_was_hit_twice_and_until_it_works_again(
    recoveries: Recoveries, tmp_path: Path
) -> None:
    heart = Heart(tmp_path / "record")
    heart.beat()
    recoveries.strike("record")
    assert not recoveries.weak("record"), "one death is no loop"
    clear(tmp_path / "record")  # it is started again
    recoveries.strike("record")
    assert recoveries.weak("record") and not recoveries.weak("display")
    heart.beat()
    assert not recoveries.weak("record")
    clear(tmp_path / "record")
    recoveries.strike("record")
    assert not recoveries.weak("record"), "what it has survived counts no more"
    heart.close()
