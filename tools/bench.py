"""`python -m tools.bench SUITE`: measures speed side by side, in one run, as ratios. Never part of a test."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tools.bench_line import measure_line

SUITES: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {"line": measure_line}
EXAMPLE = """example:
  python -m tools.bench line --seconds 30 --json bench.json

The machine should do nothing else meanwhile: figures of a busy machine say little, ratios a bit more."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description="Measures speed side by side with what it is compared to.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each recording (default: 30)")
    parser.add_argument("--size", default="1920x1080", help="of the pictures (default: 1920x1080)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the inspector (default: 2)")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    arguments = parser.parse_args()
    figures = SUITES[arguments.suite](arguments)
    document = {"suite": arguments.suite, "machine": machine(), "figures": figures}
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def machine() -> dict[str, object]:
    """What it ran on."""
    return {"cores": os.cpu_count(), "processor": platform.machine(), "python": sys.version.split()[0]}


if __name__ == "__main__":
    raise SystemExit(main())
