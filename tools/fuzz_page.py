"""The page of a running line, over raw sockets: requests and WebSocket frames that no browser sends.

The page has a token. Without it nothing but what asks for it may be had; with it, only what the page is made of. A
file that lies beside the evidence carries a word that no answer may hold.
"""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from stream.places import places_for
from stream.web.guard import Guard

from .fuzz_case import Order, Result
from .fuzz_fired import FiredLine, UnwellError, faults_in, running, wait_for, write_line, write_recording
from .fuzz_mutation import draw
from .fuzz_requests import OPEN_TO_ALL, frames, request

TOKEN = "fuzz-0123456789abcdef"
SECRET = b"nobody-may-read-this"
QUIET_S = 0.6  # without a further one that answers: what is no whole request never does
ANSWER_S = 60.0  # for what must be answered, on a machine that is slow
AT_ONCE = 40  # connections; the page lets 128 in
Address = tuple[str, int]


def fuzz_page(order: Order) -> Result:
    """Requests without the token, requests with it, WebSocket frames; each a third."""
    result = Result("page")
    folder = Path(tempfile.mkdtemp(prefix="linewatch-fuzz-"))
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "token").chmod(0o600)
    recording = write_recording(folder / "belt.mp4", 40)
    more = f"  token_file: {folder / 'token'}\n"
    try:
        with running(write_line(folder, recording, pace="recorded", live=True, more=more)) as line:
            address = urlsplit(wait_for(line.page, "the page"))
            wait_for(lambda: len(line.rows("SELECT DISTINCT camera FROM ledger")) == 2, "the first frames of both")
            for place in ("data", "data/evidence", "data/evidence/belt"):
                (folder / place).mkdir(exist_ok=True)
                (folder / place / "secret").write_bytes(SECRET)
            _visit(order, (str(address.hostname), int(address.port or 0)), line, result)
    finally:
        shutil.rmtree(places_for(folder / "data").folder, ignore_errors=True)
        shutil.rmtree(folder)
    return result


def _visit(order: Order, at: Address, line: FiredLine, result: Result) -> None:
    """Fires, then looks whether all is as before."""
    began_s, before = time.monotonic(), line.roles()
    key = f"Cookie: linewatch-{at[1]}={Guard('', frozenset(), TOKEN).cookie()}".encode()
    well = b"GET /status.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + key + b"\r\n\r\n"
    while not order.over(result.cases, began_s):
        keys = [b"" if number % 3 == 0 else key for number in range(result.cases, result.cases + AT_ONCE)]
        cases = [_case(order, result.cases + i, key) for i, key in enumerate(keys)]
        for case, allowed, answer in zip(cases, keys, _ask_all(at, cases), strict=True):
            _judge(case, answer, result, entitled=bool(allowed))
            result.cases += 1
        if line.process.poll() is not None:
            raise UnwellError("the line ended")
    result.seconds = time.monotonic() - began_s
    if b" 200 " not in (said := _ask_all(at, [well], ANSWER_S)[0])[:20]:
        result.found("crash", f"the page answers {said[:200]!r} to who may see it")
    if (after := line.roles()) != before:
        result.found("crash", f"the processes were {before} before, {after} after")
    line.stop()
    for fault in faults_in(line.words):
        result.found("crash", fault)


def _case(order: Order, number: int, key: bytes) -> bytes:
    chance = draw("page", order.seed, number)
    return frames(chance, key) if number % 3 == 2 else request(chance, key)


def _ask_all(at: Address, cases: list[bytes], quiet_s: float = QUIET_S) -> list[bytes]:
    """What is answered to each, over a connection of its own, until all have hung up or nobody else begins to."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(socket.create_connection(at, timeout=10.0)) for _ in cases]
        answers = dict.fromkeys(peers, b"")
        for peer, case in zip(peers, cases, strict=True):
            with contextlib.suppress(ConnectionError):
                peer.sendall(case)
        reading, until_s = set(peers), time.monotonic() + quiet_s
        while reading and time.monotonic() < until_s:
            for peer in select.select(list(reading), [], [], 0.05)[0]:
                with contextlib.suppress(ConnectionError):
                    if piece := peer.recv(65536):
                        until_s = until_s if answers[peer] else time.monotonic() + quiet_s
                        answers[peer] += piece
                        continue
                reading.discard(peer)
        return [answers[peer] for peer in peers]


def _judge(case: bytes, answer: bytes, result: Result, *, entitled: bool) -> None:
    status = answer[9:12]
    if SECRET in answer or b"root:x:" in answer:
        result.found("accepted", f"case {result.cases}: the answer holds a file that is not of the page", case)
    if status.startswith(b"5") and status not in (b"501", b"503"):  # 503 has its words: the supervisor says nothing
        result.found("exception", f"case {result.cases}: answered {answer[:300]!r}", case)
    if status[:1] not in (b"1", b"2", b"3"):
        result.refused += 1
        return
    result.read += 1
    path = b"".join(case.split(b"\r\n")[0].split(b" ")[1:2]).replace(b"/api/live", b"")  # no part of it is /live
    if not entitled and status != b"100" and not any(one in path for one in OPEN_TO_ALL):
        result.found("accepted", f"case {result.cases}: {answer[:200]!r} without the token", case)
