"""Which bundle is live: copies that are whole, a pointer that is never half, a record that misses nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from detector.bundle import open_bundle
from detector.errors import BundleError
from stream.configuration import dump_line, parse_line, read_line
from stream.live_bundle import (
    POINTER,
    Live,
    LiveBundleError,
    below,
    bundles_folder,
    heal,
    keep,
    live_folder,
    put_back,
    put_live,
    read_live,
    settled,
)
from stream.promotions import FILE, PROMOTED_KIND, PUT_BACK, Entry, history, record
from stream.settings import PROMOTED
from tests.bundles import tiny_variant
from tests.line import TINY_BUNDLE

TINY = open_bundle(TINY_BUNDLE)
LINE = "cameras:\n  belt:\n    source: 'synthetic:'\ninspector:\n  bundle: {}\n"


def entry(bundle: str = "a@1", kind: str = PROMOTED_KIND, before: str = "", after: str = "a@1") -> Entry:
    return Entry("2026-01-01T00:00:00+00:00", kind, bundle, before, after, "user", "Ann", "why not")


def write_line(folder: Path, bundle: str) -> Path:
    file = folder / "line.yaml"
    file.write_text(LINE.format(bundle))
    return file


# --- the setting ---


def test_promoted_is_a_word_and_not_a_folder(tmp_path: Path) -> None:
    line = read_line(write_line(tmp_path, "promoted"))
    assert line.inspector.bundle == PROMOTED == parse_line(dump_line(line)).inspector.bundle
    assert read_line(write_line(tmp_path, "./promoted")).inspector.bundle == tmp_path / "promoted"
    assert read_line(write_line(tmp_path, "null"), ["inspector.bundle=promoted"]).inspector.bundle == PROMOTED


def test_promoted_stands_for_the_folder_of_the_live_bundle_and_any_other_for_itself(tmp_path: Path) -> None:
    line = replace(read_line(write_line(tmp_path, "promoted")), data_dir=tmp_path)
    put_live(tmp_path, Live(TINY.id, (), entry()))
    assert settled(line).inspector.bundle == tmp_path / "bundles" / TINY.id
    fixed = read_line(write_line(tmp_path, "elsewhere"))
    assert settled(fixed) == fixed


def test_nothing_promoted_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LiveBundleError, match=r"nothing has been promoted for .*python -m tools\.promote"):
        live_folder(tmp_path)


# --- the copy ---


def test_a_bundle_is_kept_whole_under_its_id_and_without_what_is_none_of_its_own(tmp_path: Path) -> None:
    original = tiny_variant(tmp_path, "tiny2")
    (original / "notes.txt").write_text("not part of it")
    kept = keep(open_bundle(original), tmp_path / "data")
    shutil.rmtree(original)
    assert kept.name == open_bundle(kept).id and kept.parent == bundles_folder(tmp_path / "data")
    assert not (kept / "notes.txt").exists()
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_a_kept_bundle_that_was_damaged_is_made_whole(tmp_path: Path) -> None:
    kept = keep(TINY, tmp_path)
    (kept / "classifier.onnx").write_bytes(b"damaged")
    assert open_bundle(keep(TINY, tmp_path)).id == TINY.id


def test_a_bundle_that_changes_while_it_is_kept_is_refused(tmp_path: Path) -> None:
    original = tiny_variant(tmp_path, "tiny2")
    bundle = open_bundle(original)
    (original / "classifier.onnx").write_bytes(b"another")
    with pytest.raises(BundleError, match="was changed"):
        keep(bundle, tmp_path / "data")
    assert not (bundles_folder(tmp_path / "data") / bundle.id).exists()


# --- pointer and record ---


def test_what_was_put_live_is_read_back_and_on_record(tmp_path: Path) -> None:
    assert read_live(tmp_path) is None
    live = Live("b@2", ("a@1",), entry("b@2", after="b@2"))
    put_live(tmp_path, live)
    assert read_live(tmp_path) == live and history(bundles_folder(tmp_path)) == (live.since,)


def test_a_damaged_pointer_is_never_taken_for_nothing(tmp_path: Path) -> None:
    put_live(tmp_path, Live("a@1", (), entry()))
    pointer = bundles_folder(tmp_path) / POINTER
    outside = pointer.read_bytes().replace(b"a@1", b"../..")
    for damage in (b"", b"{", b'{"bundle": 3}', pointer.read_bytes()[:-20], outside, b"[" * 5000):
        pointer.write_bytes(damage)
        with pytest.raises(LiveBundleError, match=r"live\.json: damaged"):
            read_live(tmp_path)


def test_a_promotion_that_died_between_pointer_and_record_is_entered_later(tmp_path: Path) -> None:
    put_live(tmp_path, Live("a@1", (), entry()))
    (bundles_folder(tmp_path) / FILE).unlink()
    heal(tmp_path)
    heal(tmp_path)
    assert history(bundles_folder(tmp_path)) == (entry(),)


def test_a_half_line_of_a_dead_writer_spoils_no_other(tmp_path: Path) -> None:
    record(tmp_path, entry())
    os.truncate(tmp_path / FILE, (tmp_path / FILE).stat().st_size - 30)
    record(tmp_path, entry("b@2"))
    assert [one.bundle for one in history(tmp_path)] == ["b@2"]


@pytest.mark.parametrize("before", [None, Live("a@1", (), entry())], ids=["nothing", "a bundle"])
def test_what_a_line_did_not_take_leaves_what_was_there_before(tmp_path: Path, before: Live | None) -> None:
    if before is not None:
        put_live(tmp_path, before)
    put_live(tmp_path, Live("b@2", (), entry("b@2")))
    put_back(tmp_path, before, entry("b@2", kind=PUT_BACK))
    assert read_live(tmp_path) == before
    assert [one.kind for one in history(bundles_folder(tmp_path))][-2:] == [PROMOTED_KIND, PUT_BACK]


def test_roll_backs_go_down_one_by_one_and_never_up_again() -> None:
    top = Live("c@3", ("a@1", "b@2"), entry())
    middle = below(top, entry("b@2"))
    assert (middle.bundle, middle.before) == ("b@2", ("a@1",))
    assert (below(middle, entry()).bundle, below(middle, entry()).before) == ("a@1", ())


def test_a_disk_that_refuses_leaves_the_old_pointer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live("a@1", (), entry())
    put_live(tmp_path, live)

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("os.fsync", refuse)
        with pytest.raises(OSError, match="No space left"):
            put_live(tmp_path, Live("b@2", ("a@1",), entry("b@2")))
    assert read_live(tmp_path) == live
