"""`python -m tools.fuzz [TARGET…]`: fires malformed input at all that reads from outside, and says what broke."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .fuzz_apart import fuzz_apart
from .fuzz_case import Order, Result, keep
from .fuzz_impostor import fuzz_impostor
from .fuzz_line import fuzz_forged, fuzz_line
from .fuzz_page import fuzz_page
from .fuzz_readers import READERS

TARGETS: dict[str, Callable[[Order], Result]] = {
    **{reader.name: partial(fuzz_apart, reader) for reader in READERS},
    "line": fuzz_line,
    "impostor": fuzz_impostor,
    "page": fuzz_page,
    "line-forged": fuzz_forged,
}
EXAMPLE = """examples:
  python -m tools.fuzz yaml picture --seconds 30
  python -m tools.fuzz line --count 100000 --seed 1

A case is named by its target, the seed and its number: the same command tries the same cases. What breaks something is
kept under --out, with what it did beside it; put it into tests/corpus/TARGET/, and it is tried first from then on.

exit code: 0 nothing was found, 1 something was"""


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz",
        description=f"Fires malformed input at what reads from outside. Targets: {', '.join(TARGETS)} (default: all).",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to fire at")
    parser.add_argument("--count", type=int, help="cases for each target; messages for each socket")
    parser.add_argument("--seconds", type=float, help="time for each target (default: 10, where no count is given)")
    parser.add_argument("--seed", type=int, default=1, help="which cases are drawn (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are kept")
    arguments = parser.parse_args(words)
    for name in arguments.targets:
        if name not in TARGETS:
            parser.error(f"{name}: unknown target; known here: {', '.join(TARGETS)}")
    seconds = 10.0 if arguments.count is None and arguments.seconds is None else arguments.seconds
    order = Order(arguments.seed, arguments.count, seconds, arguments.out)
    results = [_try(name, order) for name in arguments.targets or TARGETS]
    return 1 if any(result.findings for result in results) else 0


def _try(name: str, order: Order) -> Result:
    result = TARGETS[name](order)
    print(result.line(), flush=True)
    for finding in result.findings:
        path = keep(order.out, name, finding)
        print(f"  {finding.kind}: {finding.text.strip()}" + (f"\n  kept as {path}" if path else ""), file=sys.stderr)
    return result


if __name__ == "__main__":
    raise SystemExit(main())
