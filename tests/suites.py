"""A suite of the bench, run as the command runs it, once and short."""

from __future__ import annotations

import argparse
import importlib

from tools.bench import SUITES
from tools.bench_record import Measured


def measured(suite: str, *words: str) -> Measured:
    """What one round of it gives, with those options."""
    module = importlib.import_module(SUITES[suite].module)
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    parser.add_argument("--rounds", type=int)
    module.add_arguments(parser)
    found = module.measure(parser.parse_args(["--rounds", "1", *words]))
    assert isinstance(found, Measured) and found.rows
    return found
