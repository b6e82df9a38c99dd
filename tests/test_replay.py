"""What a replay says of two runs of one recording."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from pathlib import Path

import pytest

from stream.defect_log import FILE
from stream.incidents import IncidentBook
from stream.problem import ConfigurationError
from stream.replay import Change, add_arguments, compare, run
from stream.run_book import RunBook

Words = list[tuple[str, float]]
BEFORE: Words = [("GOOD", 0.1), ("BAD", 0.9), ("GOOD", 0.2), ("UNKNOWN", 0.0)]


def book(run: int, words: Words) -> RunBook:
    found = RunBook("belt", run, IncidentBook(10), captured=len(words), ended=True)
    for seq, (state, score) in enumerate(words):
        found.judge(seq, state, None if state == "UNKNOWN" else score, "")
    return found


@pytest.mark.parametrize(
    ("after", "expected", "note"),
    [
        pytest.param(BEFORE, [], "all 4 frames are judged as in run 1, bit for bit", id="the-same"),
        pytest.param(
            [("GOOD", 0.1), ("GOOD", 0.4), *BEFORE[2:]],
            [Change(1, "BAD", "GOOD")],
            "1 of 4 frames are judged otherwise than in run 1",
            id="another-state",
        ),
        pytest.param([("GOOD", 0.11), *BEFORE[1:]], [], "scores or masks differ from run 1", id="another-score"),
        pytest.param(BEFORE[:3], [Change(3, "UNKNOWN", None)], "1 of 3 frames", id="a-frame-less"),
        pytest.param([*BEFORE, ("BAD", 0.8)], [Change(4, None, "BAD")], "1 of 5 frames", id="a-frame-more"),
        pytest.param([], [Change(s, w, None) for s, (w, _) in enumerate(BEFORE)], "4 of 0 frames", id="nothing"),
    ],
)
def test_the_frames_whose_verdict_changed_are_named(after: Words, expected: list[Change], note: str) -> None:
    found = compare(book(1, BEFORE), book(2, after))
    assert list(found.changed) == expected
    assert found.note.startswith(note)
    assert found.same is (after is BEFORE)
    assert found.same_digest is (after is BEFORE)


@pytest.mark.parametrize(
    ("engines", "told"),
    [(("a", "b"), True), (("a", "a"), False), (("", "b"), False)],
    ids=["another", "the same", "not on record"],
)
def test_another_engine_is_named_where_the_digests_differ(engines: tuple[str, str], told: bool) -> None:
    differs: Words = [("GOOD", 0.11), *BEFORE[1:]]
    assert compare(book(1, BEFORE), book(2, differs), *engines).note.endswith("judged by a, and now by b") is told
    assert "judged by" not in compare(book(1, BEFORE), book(2, BEFORE), *engines).note


def test_a_damaged_log_is_an_error_in_words_and_not_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "line.yaml"
    file.write_text(f"data_dir: {tmp_path}\ncameras: {{belt: {{source: a.mp4}}}}\n")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("CREATE TABLE runs (camera TEXT)")
    assert called("a.mp4", "--config", str(file), "--diff", "1") == 2
    assert f"{FILE}: the log cannot be read: " in capsys.readouterr().err


TWO_CAMERAS = "cameras:\n  belt:\n    source: a.mp4\n  lid:\n    source: b.mp4\n"


def called(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        pytest.param((), "--camera: is needed; the cameras of this line are belt, lid", id="which-of-two"),
        pytest.param(("--camera", "bolt"), "--camera: got bolt; the cameras of this line are belt, lid", id="no-such"),
    ],
)
def test_a_camera_that_is_not_there_is_a_problem_of_the_call(tmp_path: Path, words: tuple[str, ...], text: str) -> None:
    file = tmp_path / "line.yaml"
    file.write_text(TWO_CAMERAS)
    with pytest.raises(ConfigurationError) as caught:
        called("a.mp4", "--config", str(file), *words)
    assert str(caught.value) == text


@pytest.mark.parametrize("run_id", ["-1", "first", "9223372036854775808", "1.5"])
def test_what_is_no_run_is_refused_as_misuse(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        called("a.mp4", "--config", "line.yaml", f"--diff={run_id}")
    assert caught.value.code == 2 and "give the number of a run" in capsys.readouterr().err
