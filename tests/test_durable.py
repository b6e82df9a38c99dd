"""Files and folders that a power cut cannot take away: what is synced, and when. The cuts are in test_power_cut.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.bundle import open_bundle
from stream import durable, evidence
from stream.durable import append_line, make_folder, replace_file
from stream.evidence import keep_folders, remove_evidence
from stream.live_bundle import heal, keep
from tests.line import TINY_BUNDLE
from tests.test_evidence import kept


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The folders whose names were synced, relative to the test's own."""
    seen: list[str] = []
    sync = durable.sync_folder

    def noted(folder: Path) -> None:
        seen.append(folder.relative_to(tmp_path).as_posix())
        sync(folder)

    monkeypatch.setattr(durable, "sync_folder", noted)
    monkeypatch.setattr(evidence, "sync_folder", noted)
    return seen


def test_each_folder_that_is_made_has_its_name_on_disk(synced: list[str], tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == [".", "a", "a/b"]
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == [".", "a", "a/b"], "nothing is made twice"


def test_a_folder_where_a_file_stands_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OSError, match="a"):
        make_folder(tmp_path / "a" / "b")


def test_the_first_evidence_of_a_run_has_all_names_above_it_on_disk(synced: list[str], tmp_path: Path) -> None:
    folder = kept(tmp_path).relative_to(tmp_path).as_posix()
    run = folder.rpartition("/")[0]
    half = f"{run}/.partial-{folder.rpartition('/')[2]}"
    assert synced == [".", "evidence", "evidence/belt", half, run]


def test_evidence_that_a_dead_recorder_wrote_is_synced_before_it_counts(synced: list[str], tmp_path: Path) -> None:
    folder = kept(tmp_path)
    synced.clear()
    assert kept(tmp_path) == folder
    assert synced == [folder.parent.relative_to(tmp_path).as_posix()]
    synced.clear()
    keep_folders(tmp_path)
    assert synced == [".", "evidence", "evidence/belt"]


def test_evidence_that_goes_loses_its_name_first(
    synced: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept(tmp_path)
    synced.clear()
    monkeypatch.setattr(evidence.shutil, "rmtree", lambda *_, **__: None)  # killed before it came to the files
    remove_evidence(tmp_path, folder.relative_to(tmp_path).as_posix())
    assert not folder.exists()
    assert [path.name for path in folder.parent.iterdir()] == [f".partial-{folder.name}"]
    assert synced == [folder.parent.relative_to(tmp_path).as_posix()]


def test_the_first_promotion_of_a_line_has_all_names_above_it_on_disk(synced: list[str], tmp_path: Path) -> None:
    heal(tmp_path / "data")
    assert synced == [".", "data"]
    synced.clear()
    keep(open_bundle(TINY_BUNDLE), tmp_path / "other")
    assert synced == [".", "other"]


def test_a_file_that_is_replaced_or_grows_has_its_name_on_disk(synced: list[str], tmp_path: Path) -> None:
    replace_file(tmp_path / "one", b"1")
    append_line(tmp_path / "two", b"2")
    assert synced == [".", "."]
    assert (tmp_path / "one").read_bytes() == b"1" and (tmp_path / "two").read_bytes() == b"2\n"
