"""What is said of a change of bundle. How inspectors take over: test_swap.py; in a line: test_promote_line.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from detector.bundle import open_bundle
from stream import bundle_change
from stream.bundle_change import BundleChange
from stream.children import Child
from stream.choices import Choice, keep_choice
from stream.live_bundle import Live, keep, put_live
from stream.places import Places
from stream.promotions import Entry
from stream.settings import PROMOTED, CameraSettings, InspectorSettings, LineSettings
from stream.swap import Swapped
from stream.this_host import this_host
from tests.bundles import tiny_variant
from tests.line import TINY_BUNDLE


class DoneSwap:
    """A swap that is over at the first look, well or not."""

    ok = True

    def __init__(self, *given: object, **limits: float) -> None:
        pass

    def step(self, now_s: float) -> Swapped:
        return Swapped(self.ok, "" if self.ok else "it fell over", ())


def make_live(data_dir: Path, bundle: Path) -> str:
    opened = open_bundle(bundle)
    keep(opened, data_dir)
    entry = Entry("2026-11-23T10:00:00+00:00", "promoted", opened.id, "", opened.id, "u", "w", "a test")
    put_live(data_dir, Live(opened.id, (), entry))
    return opened.id


def tune(data_dir: Path, bundle: str) -> Choice:
    choice = Choice(bundle, this_host(), "onnxruntime", "cpu", "fp32", 1, 1.0, 2.0, 0.1, "2026-11-23T10:00:00+00:00")
    keep_choice(data_dir, choice)
    return choice


def changed(folder: Path, before: Sequence[str], after: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the answer and the event say, where the bundles named were tuned before the start, and before the change."""
    monkeypatch.setattr(bundle_change, "Swap", DoneSwap)
    ids = {"old": make_live(folder, TINY_BUNDLE)}
    for name in before:
        tune(folder, ids[name])
    line = LineSettings(
        (CameraSettings("belt", "synthetic:"),), data_dir=folder, inspector=InspectorSettings(bundle=PROMOTED)
    )
    change = BundleChange(line, Places(folder), "s")
    old = change.first()
    ids["new"] = make_live(folder, tiny_variant(folder, "new"))
    for name in after:
        tune(folder, ids[name])
    begun = change.begin(old, 0.0)
    assert isinstance(begun, tuple) and all(isinstance(one, Child) for one in begun)
    swapped = change.step(1.0)
    assert swapped is not None
    return swapped.text.replace(ids["new"], "NEW").replace(ids["old"], "OLD")


def test_a_bundle_without_a_choice_of_its_own_says_so_when_it_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = changed(tmp_path, ["old"], [], monkeypatch)
    assert said.startswith(
        "NEW judges now, OLD did before. engine: nothing was chosen for NEW; onnxruntime in fp32 and 2"
    )
    assert "tools.bench tune" in said


def test_a_bundle_that_was_tuned_says_what_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = changed(tmp_path, ["old"], ["new"], monkeypatch)
    assert said.endswith(". engine: onnxruntime cpu, 1 thread: chosen for NEW by measurement, 2026-11-23")


def test_where_nothing_was_ever_measured_nothing_is_said_of_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert changed(tmp_path, [], [], monkeypatch) == "NEW judges now, OLD did before"


def test_a_bundle_that_does_not_judge_leaves_the_old_ones_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DoneSwap, "ok", False)
    assert changed(tmp_path, ["old"], [], monkeypatch) == "NEW does not judge: it fell over. OLD goes on"
