"""tools.promote without a running line: what passes goes live, is on record, and can be taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from detector.bundle import open_bundle
from stream.__main__ import main
from stream.live_bundle import bundles_folder
from stream.promotions import Limits, Measured, history
from tests.bundles import WRONG, tiny_variant
from tests.line import TINY_BUNDLE
from tests.sites import Site, site_in
from tools.golden_set import read_golden_set
from tools.promote import run

TINY = open_bundle(TINY_BUNDLE)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


def test_a_bundle_that_passes_goes_live_and_all_of_it_is_on_record(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(site.words(TINY_BUNDLE, "--who", "Ann", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] and said["wrong"] == [] and site.live() == TINY.id
    (entry,) = history(bundles_folder(site.data_dir))
    assert (entry.kind, entry.who, entry.why, entry.before, entry.after) == ("promoted", "Ann", "a test", "", TINY.id)
    assert entry.trial is not None and entry.trial.sha256 == read_golden_set(site.golden).sha256
    assert entry.trial.measured == Measured(2, 2, 0, 0, 0) and entry.trial.limits == Limits(0, 0)


def test_a_bundle_that_fails_is_refused_with_the_list_and_nothing_changes(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    run(site.words(TINY_BUNDLE))
    shutil.copy(site.golden / "bad" / "0.png", site.golden / "good" / "mislabelled.png")
    capsys.readouterr()
    assert run(site.words(tiny_variant(site.folder, "other"), "--max-escapes", "5")) == 1
    said = capsys.readouterr().out
    assert "good/mislabelled.png: GOOD judged BAD, score 1.0000" in said
    assert "false rejects: 1, at most 0 allowed" in said and site.live() == TINY.id
    assert site.kinds() == ["promoted", "refused"]


def test_limits_that_are_stated_let_it_pass(site: Site) -> None:
    shutil.copy(site.golden / "bad" / "0.png", site.golden / "good" / "mislabelled.png")
    assert run(site.words(TINY_BUNDLE)) == 1
    assert run(site.words(TINY_BUNDLE, "--max-false-rejects", "1")) == 0


def test_the_lines_own_thresholds_judge_the_golden_set(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """At 0 everything is BAD, whatever the bundle's own threshold says."""
    assert run(site.words(TINY_BUNDLE, "--set", "inspector.classifier_threshold=0")) == 1
    assert "false rejects: 2, at most 0 allowed" in capsys.readouterr().out


def test_a_bundle_whose_own_samples_come_out_wrong_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(site.words(tiny_variant(site.folder, "wrong", WRONG))) == 1
    assert "golden/good_2.png" in capsys.readouterr().out and site.live() == "" and site.kinds() == ["refused"]


def test_roll_backs_lead_down_to_the_first(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [TINY.id]
    run(site.words(TINY_BUNDLE))
    for name in ("second", "third"):
        bundle = tiny_variant(site.folder, name)
        ids.append(open_bundle(bundle).id)
        assert run(site.words(bundle)) == 0
        shutil.rmtree(bundle)  # a roll-back needs the kept copies alone
    back = [str(site.file), "--rollback", "--why", "worse"]
    for expected in (ids[1], ids[0]):
        assert run(back) == 0 and site.live() == expected
    assert run(back) == 1 and site.live() == ids[0]
    assert site.kinds() == ["promoted"] * 3 + ["rolled back"] * 2
    capsys.readouterr()
    assert run([str(site.file), "--history"]) == 0
    said = capsys.readouterr().out
    assert said.count("rolled back") == 2 and said.endswith(f"Live: {ids[0]}\n")


def no_bad(site: Site) -> None:
    shutil.rmtree(site.golden / "bad")


def no_good(site: Site) -> None:
    for path in (site.golden / "good").iterdir():
        path.unlink()


def no_picture(site: Site) -> None:
    (site.golden / "good" / "0.png").write_bytes(b"no picture")


def fixed(site: Site) -> None:
    site.file.write_text(site.file.read_text().replace("promoted", str(TINY_BUNDLE)))


def damaged(site: Site) -> None:
    bundles_folder(site.data_dir).mkdir(parents=True)
    (bundles_folder(site.data_dir) / "live.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(no_bad, "bad: no such folder; a golden set has good/ and bad/", id="no BAD"),
        pytest.param(no_good, "good: holds no picture; without GOOD pictures nobody knows", id="no GOOD"),
        pytest.param(no_picture, "0.png: not a picture", id="no picture"),
        pytest.param(fixed, "write `bundle: promoted` under inspector", id="a fixed bundle"),
        pytest.param(damaged, "live.json: damaged", id="a damaged pointer"),
    ],
)
def test_what_cannot_be_is_said_plainly(site: Site, spoil: Any, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(site)
    assert run(site.words(TINY_BUNDLE)) == 2
    assert words in (said := capsys.readouterr().err) and "Traceback" not in said


MISUSES = [
    ([], "--why: missing"),
    (["--why", "x"], "BUNDLE and --golden-set DIR are needed"),
    (["--why", "x", "--rollback", "--golden-set", "set"], "give no BUNDLE and no --golden-set"),
]


@pytest.mark.parametrize(("words", "said"), MISUSES, ids=[said for _, said in MISUSES])
def test_misuse_is_said_plainly(site: Site, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(site.file), *words]) == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_line_without_a_promoted_bundle_says_what_to_do(
    site: Site, command: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main([command, str(site.file)]) == 2
    assert "python -m tools.promote" in capsys.readouterr().out + caplog.text


def test_without_a_running_line_nobody_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["promote", str(site.file)]) == 1
    assert "no line runs" in capsys.readouterr().out
