"""The bench's core: rounds, intervals, records, tables, and the document that is made of them. Nothing about speed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.line import ROOT
from tools.bench import SUITES, VERBS, main
from tools.bench_document import PLACE, drawn, filled
from tools.bench_plot import bars
from tools.bench_record import Measured, RecordError, read_record, record, write_record
from tools.bench_rounds import Contender, Row, compare, median_interval, row_of, shuffled
from tools.bench_tables import figure, tables

KEPT = sorted((ROOT / "docs" / "benchmarks").glob("*.json"))


def contender(name: str, values: list[float], called: list[str]) -> Contender:
    left = iter(values)

    def once() -> Mapping[str, float]:
        called.append(name)
        return {"frames/s": next(left)}

    return Contender(name, once)


def test_each_round_runs_every_contender_once() -> None:
    called: list[str] = []
    names = ("a", "b", "c")
    compare("", [contender(name, [1.0] * 5, called) for name in names], 5, base="a")
    rounds = [called[at : at + 3] for at in range(0, 15, 3)]
    assert all(sorted(one) == list(names) for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1, "always the same order"


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    """A machine that is ten times slower in one round changes no ratio."""
    rows = compare("1080p", [contender("base", [10, 1, 20], []), contender("ours", [50, 5, 100], [])], 3, base="base")
    assert [(row.name, row.median, row.ratio, row.ratio_low, row.ratio_high) for row in rows] == [
        ("base", 10, 1, 1, 1),
        ("ours", 50, 5, 5, 5),
    ]


def test_without_a_base_there_is_no_ratio() -> None:
    (row,) = compare("", [contender("a", [1, 2], [])], 2, base=None)
    assert (row.ratio, row.ratio_low, row.ratio_high) == (None, None, None)


def test_a_base_that_nobody_has_is_said() -> None:
    with pytest.raises(ValueError, match="got 'z'; the contenders are a"):
        compare("", [contender("a", [1], [])], 1, base="z")


def test_nothing_is_divided_by_zero() -> None:
    assert row_of("", "a", "dropped", [1, 2], [0, 0]).ratio is None


@pytest.mark.parametrize(
    ("count", "outside"), [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (20, 5)], ids=str
)
def test_the_interval_of_a_median_is_that_of_the_tables(count: int, outside: int) -> None:
    """Conover, table A3: the ranks that enclose the median at 95 %."""
    assert median_interval(list(range(count))) == (outside, count - 1 - outside)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_an_interval_encloses_its_median(values: list[float]) -> None:
    row = row_of("", "a", "ms", values)
    assert row.low <= row.median <= row.high


def test_the_order_is_the_same_each_time() -> None:
    some = [contender(str(i), [], []) for i in range(6)]
    assert [one.name for one in shuffled(some, "1080p/3")] == list("153402")  # in any process, on any computer
    assert [one.name for one in shuffled(some, "1080p/4")] != list("153402")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.5, "1,234"), (99.94, "99.9"), (0.01234, "0.0123"), (0.0000123, "0.000012"), (5, "5")],
    ids=str,
)
def test_a_figure_is_short(value: float, text: str) -> None:
    assert figure(value) == text


ROWS = (
    Row("1080p", "ours", "frames/s", 812.0, 790.0, 830.0, 5.1, 4.9, 5.4),
    Row("1080p", "imagezmq <REQ/REP>", "frames/s", 160.0, 150.0, 170.0, 1.0, 1.0, 1.0),
    Row("4K", "ours", "p50 ms", 0.91, 0.91, 0.91),
)


def test_a_table_has_a_line_a_contender_and_a_column_a_quantity() -> None:
    text = tables(ROWS)
    assert "**1080p**" in text and "**4K**" in text
    assert "| ours               | 812 (790 to 830), 5.1 × (4.9 to 5.4) |" in text
    assert "| 0.91   |" in text


def test_a_plot_is_well_formed_and_shows_what_was_compared() -> None:
    tree = ElementTree.fromstring(bars(ROWS))
    said = [node.text for node in tree.iter() if node.tag.endswith("text")]
    assert "imagezmq <REQ/REP>" in said and "812, 5.1 ×" in said and "4K, p50 ms" not in said


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    kept = record("line", ["line", "--rounds", "2"], Measured(ROWS, ("a note",), ("pytest",)))
    write_record(tmp_path / "line.json", kept)
    assert read_record(tmp_path / "line.json") == kept
    assert kept.command == "python -m tools.bench line --rounds 2"
    assert {"pytest", "hypothesis", "tqdm"} <= set(kept.versions) and kept.machine.processor


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": {}, "rows": [], "notes": []}'], ids=range(4))
def test_what_is_no_record_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(RecordError, match=r"a\.json: no record of the bench"):
        read_record(tmp_path / "a.json")


def test_a_table_is_put_between_its_markers_and_nothing_else_changes(tmp_path: Path) -> None:
    kept = record("line", ["line"], Measured(ROWS, ("a note",)))
    rest = "<!-- /bench -->\nmore\n<!-- bench:gpu -->\nas it was\n<!-- /bench -->\n"
    before = f"# Prose\n<!-- bench:line -->\nold\n{rest}"
    after = filled(before, {"line": kept})
    assert after.startswith("# Prose\n<!-- bench:line -->\n`python -m tools.bench line`") and "old" not in after
    assert after.endswith(rest)
    assert filled(after, {"line": kept}) == after
    with pytest.raises(RecordError, match="engines: no place in the document, which has line, gpu"):
        filled(before, {"engines": kept})


def test_document_writes_the_page_and_the_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, kept = tmp_path / "page.md", record("line", ["line"], Measured(ROWS))
    write_record(tmp_path / "line.json", kept)
    page.write_text("<!-- bench:line -->\n<!-- /bench -->\n")
    assert main(["document", str(tmp_path / "line.json"), "--into", str(page)]) == 0
    assert "imagezmq" in page.read_text() and (tmp_path / "line.svg").read_text() == bars(ROWS)
    page.write_text("no place\n")
    assert main(["document", str(tmp_path / "line.json"), "--into", str(page)]) == 2
    assert "no place in the document" in capsys.readouterr().err and page.read_text() == "no place\n"


def test_the_document_says_what_the_records_say() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    records = {path.stem: read_record(path) for path in KEPT}
    filled_places = {match["name"] for match in PLACE.finditer(page) if match[0].count("\n") > 1}
    assert filled_places == set(records), "a table without its record, or a record without its table"
    assert filled(page, records) == page, "run `python -m tools.bench document docs/benchmarks/*.json`"
    for path in KEPT:
        assert path.with_suffix(".svg").read_text() == drawn(records[path.stem])


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_has_its_options_and_its_measure(name: str) -> None:
    module = importlib.import_module(SUITES[name].module)
    check: list[Callable[..., object]] = [module.add_arguments, module.measure]
    assert all(map(callable, check))


@pytest.mark.parametrize("words", [[], ["nonsense"], ["--help"], *([name, "--help"] for name in (*SUITES, *VERBS))])
def test_the_command_says_what_it_takes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr()
    assert ended.value.code == (0 if "--help" in words else 2)
    assert "python -m tools.bench" in said.out + said.err


def test_the_command_prints_writes_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(SUITES["line"].module)
    monkeypatch.setattr(module, "measure", lambda arguments: Measured(ROWS, (f"{arguments.rounds} rounds",)))
    words = ["line", "--rounds", "3", "--json", str(tmp_path / "a.json"), "--plot", str(tmp_path / "a.svg")]
    assert main(words) == 0
    assert "- 3 rounds" in capsys.readouterr().out
    assert replace(read_record(tmp_path / "a.json"), date="") == replace(
        record("line", words, Measured(ROWS, ("3 rounds",))), date=""
    )
    assert (tmp_path / "a.svg").read_text() == bars(ROWS)
