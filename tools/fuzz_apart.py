"""Has a target tried in a process of its own, begins anew behind a case that killed it or hung, and keeps that case."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stream.starved import waited_s

from .fuzz_case import ROOT, Order, Result
from .fuzz_child import PROGRESS
from .fuzz_readers import Reader

HANGS_AFTER = 10.0  # times its limit of processor time, on the clock, less what it waited for a processor
STARTING_S = 120.0
ALIKE_MOST = 3  # findings of one kind at one place; more of them teach nothing
DEATHS_MOST = 25


def fuzz_apart(target: Reader, order: Order) -> Result:
    """Tries the target as the order says."""
    result, began_s, start = Result(target.name), time.monotonic(), 0
    stop = order.count if order.count is not None else 1 << 40
    stop = max(stop, len(target.stock().seeds))
    seen: dict[str, int] = {}
    for _ in range(DEATHS_MOST):
        left_s = 1e9 if order.seconds is None else order.seconds - (time.monotonic() - began_s)
        if start >= stop or left_s <= 0:
            break
        start = _one_child(target, order, (start, stop, left_s), result, seen)
    result.seconds = time.monotonic() - began_s
    return result


def _one_child(target: Reader, order: Order, span: tuple[int, int, float], result: Result, seen: dict[str, int]) -> int:
    """Runs one process to its end, good or bad; the number of the next case."""
    start, stop, left_s = span
    with tempfile.NamedTemporaryFile() as progress, tempfile.TemporaryFile("w+") as said:
        progress.write(PROGRESS.pack(-1, 0))
        progress.flush()
        words = [target.name, str(order.seed), str(start), str(stop), str(left_s), progress.name]
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.fuzz_child", *words],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        out, hung = _wait(child, Path(progress.name), target.limit_s * HANGS_AFTER)
        number, _ = PROGRESS.unpack(Path(progress.name).read_bytes())
        done = _take(target, order, out, result, seen)
        if done is not None:
            result.cases += done
            return stop if order.seconds is None else 1 << 41
        said.seek(0)
        if number < start:
            raise RuntimeError(f"{target.name}: could not begin: {said.read()[-3000:]}")
    result.cases += number + 1 - start
    kind = "hang" if hung else "crash"
    _find(target, order, {"number": number, "kind": kind, "text": f"exit code {child.returncode}"}, result, seen)
    return number + 1


def _wait(child: subprocess.Popen[str], progress: Path, hangs_after_s: float) -> tuple[str, bool]:
    """What it said, and whether it hung and was killed."""
    began_s, before, starved_s = time.monotonic(), -1, 0.0
    while True:
        try:
            return child.communicate(timeout=0.5)[0], False
        except subprocess.TimeoutExpired:
            number, mono_ns = PROGRESS.unpack(progress.read_bytes())
            if number != before:
                before, starved_s = number, waited_s(child.pid)
            since_s = mono_ns / 1e9 if number >= 0 else began_s
            took_s = time.monotonic() - since_s - (waited_s(child.pid) - starved_s)
            if took_s > (hangs_after_s if number >= 0 else STARTING_S):
                child.kill()
                return child.communicate()[0], True


def _take(target: Reader, order: Order, out: str, result: Result, seen: dict[str, int]) -> int | None:
    """Enters what the child said; how many cases it did, None where it did not come to its end."""
    done = None
    for line in out.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # what native code printed, or a line that was cut off
        if "done" in told:
            done = int(told["done"])
            result.refused, result.read = result.refused + told.get("refused", 0), result.read + told.get("read", 0)
        else:
            _find(target, order, told, result, seen)
    return done


def _find(target: Reader, order: Order, told: dict[str, object], result: Result, seen: dict[str, int]) -> None:
    text = str(told["text"])
    places = re.findall(r'File "([^"]+)", line (\d+)', text)
    alike = f"{told['kind']} {places[-1] if places else ''}"
    seen[alike] = seen.get(alike, 0) + 1
    if seen[alike] <= ALIKE_MOST:
        number = int(str(told["number"]))
        case = target.case(target.stock(), order.seed, number)
        result.found(str(told["kind"]), f"{target.name}, seed {order.seed}, case {number}: {text}", case)
