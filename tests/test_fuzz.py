"""The fuzzer's short form: every corpus again, a few cases more, sockets of a real line; and that it finds what broke.

The long form is `python -m tools.fuzz --count 100000`; its figures stand in docs/reliability.md.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from stream.messages import Event, Message
from stream.wire import WireError, decode, encode
from tools import fuzz
from tools import fuzz_line as fuzz_line_module
from tools.fuzz_apart import fuzz_apart
from tools.fuzz_case import CORPUS, Finding, Order, Result
from tools.fuzz_doors import DOORS, Door, refused
from tools.fuzz_fired import FiredLine, wait_for
from tools.fuzz_impostor import fuzz_impostor
from tools.fuzz_line import fuzz_forged, fuzz_line
from tools.fuzz_messages import KINDS, absurd, broken, taken
from tools.fuzz_mutation import Stock, draw, mutated
from tools.fuzz_page import fuzz_page
from tools.fuzz_readers import READERS, SELF_TEST, Reader, reader
from tools.fuzz_zmtp import message

SEED = 7
FOUND = Finding("exception", "IndexError: it fell", b"what it fell over")
CASES = {
    "taken": 40,
    "h264": 40,
    "mjpeg": 60,
    "onnx": 20,
    "video": 20,
    "bundle": 40,
    "yaml": 40,
    "picture": 100,
    "ring": 60,
}  # slow ones; others 150


def order(folder: Path, count: int) -> Order:
    return Order(SEED, count, None, folder)


def nothing_found(result: Result) -> None:
    assert not result.findings, "\n".join(f"{found.kind}: {found.text}" for found in result.findings)


@pytest.mark.parametrize("target", READERS, ids=lambda target: target.name)
def test_a_reader_gives_what_it_documents_and_nothing_else(target: Reader, tmp_path: Path) -> None:
    seeds = len(target.stock().seeds)
    result = fuzz_apart(target, order(tmp_path, seeds + CASES.get(target.name, 150)))
    nothing_found(result)
    assert result.cases == result.read + result.refused == seeds + CASES.get(target.name, 150)
    assert result.read, "no seed was read: the target tries nothing"


def test_a_line_refuses_counts_and_goes_on_as_if_nobody_had_fired(tmp_path: Path) -> None:
    result = fuzz_line(order(tmp_path, 500))
    nothing_found(result)
    assert result.cases == result.refused == 500 * len(DOORS)


def test_no_role_dies_of_a_message_that_only_its_own_user_could_send(tmp_path: Path) -> None:
    nothing_found(fuzz_forged(order(tmp_path, 500)))


def test_no_role_dies_of_what_a_false_server_says(tmp_path: Path) -> None:
    nothing_found(fuzz_impostor(order(tmp_path, 200)))


def test_the_page_hands_out_nothing_that_is_not_of_it(tmp_path: Path) -> None:
    result = fuzz_page(order(tmp_path, 80))
    nothing_found(result)
    assert result.read and result.refused


# --- what is drawn ---------------------------------------------------------------------------------------------------


def test_a_case_is_named_by_target_seed_and_number() -> None:
    target = reader("yaml")
    cases = [target.case(target.stock(), SEED, number) for number in range(30)]
    assert cases == [target.case(target.stock(), SEED, number) for number in range(30)]
    assert cases != [target.case(target.stock(), SEED + 1, number) for number in range(30)]


def test_the_corpus_is_tried_first() -> None:
    target = reader("picture")
    files = sorted(path.read_bytes() for path in (CORPUS / "picture").iterdir())
    assert sorted(target.case(target.stock(), SEED, number) for number in range(len(files))) == files


def test_a_mutation_is_bounded_and_mostly_a_change() -> None:
    whole = (CORPUS / "wire" / "seed-report").read_bytes()
    cases = [mutated(draw(SEED, number), Stock((whole,), (b"word",))) for number in range(500)]
    assert sum(case != whole for case in cases) > 450
    assert max(map(len, cases)) <= 1 << 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_message_is_drawn_whole_and_broken(kind: type[Message]) -> None:
    chance = draw(SEED, kind.__name__)
    for _ in range(20):
        assert isinstance(decode(encode(absurd(chance, kind))), kind)
    assert any(not taken(broken(chance, kind), (kind,)) for _ in range(20))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_what_a_door_must_refuse_it_could_not_take(door: Door) -> None:
    chance = draw(SEED, door.name)
    for _ in range(200):
        case = refused(chance, door)
        flags = case[0]
        size = case[1] if not flags & 2 else int.from_bytes(case[1:9], "big")
        body = case[(9 if flags & 2 else 2) :][:size]
        if flags & 1:
            continue  # of several parts: never taken
        try:
            told = decode(body)
        except WireError:
            continue
        assert not isinstance(told, door.takes) or "nobody" in repr(told)


# --- that it finds what is broken ------------------------------------------------------------------------------------


def test_what_breaks_a_target_is_found_and_what_lies_behind_it_is_tried(tmp_path: Path) -> None:
    result = fuzz_apart(SELF_TEST, order(tmp_path, len(SELF_TEST.stock().seeds)))
    assert {found.case.decode(): found.kind for found in result.findings} == {
        "raise": "exception",  # one that is not documented
        "die": "crash",  # in native code
        "hang": "hang",
        "burn": "slow",
        "eat": "memory",
    }
    assert result.cases == len(SELF_TEST.stock().seeds)


def test_a_finding_is_kept_as_a_file_and_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(fuzz.TARGETS, "page-word", lambda _order: Result("page-word", 1, findings=[FOUND]))
    assert fuzz.main(["page-word", "--count", "1", "--out", str(tmp_path)]) == 1
    (kept,) = (path for path in (tmp_path / "page-word").iterdir() if path.suffix != ".txt")
    assert kept.read_bytes() == FOUND.case
    assert "1 findings" in capsys.readouterr().out


def test_a_role_that_dies_and_a_message_that_is_taken_under_fire_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage: among what must be refused is a message that the recorder takes, and somebody kills the recorder."""
    event = message([encode(Event("belt", 0, "forged", "this was never so", 1))])
    monkeypatch.setattr(fuzz_line_module, "refused", lambda _chance, _door: event)
    monkeypatch.setattr(fuzz_line_module, "COUNT_S", 1.0)
    go_wild = fuzz_line_module._go_wild

    def kills(line: FiredLine, door: Door, fire: Order, sent: int) -> None:
        go_wild(line, door, fire, sent)
        wait_for(lambda: line.rows("SELECT 1 FROM events WHERE kind = 'forged'"), "the forged event on a slow disk")
        os.kill(line.roles()["record"], signal.SIGKILL)

    monkeypatch.setattr(fuzz_line_module, "_go_wild", kills)
    result = fuzz_line(order(tmp_path, 5), tuple(door for door in DOORS if door.name == "record"))
    assert {found.kind for found in result.findings} == {"accepted", "lost", "crash"}, result.findings
