"""`python -m tools.bench document FILE.json...`: writes the tables of docs/benchmarks.md from what suites measured.

The table of FILE.json stands between `<!-- bench:FILE -->` and `<!-- /bench -->`; a plot lies beside the file. The
prose around the markers stays as it is.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .bench_plot import bars
from .bench_record import Record, RecordError, read_record
from .bench_tables import tables

DOCUMENT = Path("docs/benchmarks.md")
PLACE = re.compile(r"(<!-- bench:(?P<name>[\w.-]+) -->\n).*?(<!-- /bench -->)", re.DOTALL)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench document",
        description="Writes the tables and plots of a document from what suites measured.",
        epilog="example:\n  python -m tools.bench document docs/benchmarks/*.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("records", nargs="+", type=Path, metavar="FILE.json", help="written by a suite with --json")
    parser.add_argument("--into", type=Path, default=DOCUMENT, help=f"the document (default: {DOCUMENT})")
    arguments = parser.parse_args(words)
    try:
        records = {path: read_record(path) for path in arguments.records}
        text = filled(arguments.into.read_text(), {path.stem: kept for path, kept in records.items()})
    except (OSError, RecordError) as error:
        print(error, file=sys.stderr)
        return 2
    for path, kept in records.items():
        path.with_suffix(".svg").write_text(drawn(kept))
    arguments.into.write_text(text)
    return 0


def filled(document: str, records: Mapping[str, Record]) -> str:
    """The document with the tables of the records, by name. Raises RecordError where one has no place in it."""
    places = [match["name"] for match in PLACE.finditer(document)]
    if homeless := sorted(set(records) - set(places)):
        first = homeless[0]
        raise RecordError(
            f"{first}: no place in the document, which has {', '.join(places) or 'none'}; "
            f"add the lines <!-- bench:{first} --> and <!-- /bench -->"
        )

    def inside(match: re.Match[str]) -> str:
        kept = records.get(match["name"])
        return match[0] if kept is None else f"{match[1]}{section(match['name'], kept)}{match[3]}"

    return PLACE.sub(inside, document)


def section(name: str, kept: Record) -> str:
    """What stands between the markers: how it was measured, the tables, the notes, the plot."""
    machine = kept.machine
    gpu = f", {machine.gpu}" if machine.gpu else ""
    versions = ", ".join(f"{library} {version}" for library, version in kept.versions.items())
    notes = "".join(f"- {note}\n" for note in kept.notes)
    return (
        f"`{kept.command}`, {kept.date[:10]}: {machine.processor}, {machine.cores} cores{gpu}; {machine.system}.\n\n"
        f"{tables(kept.rows)}\n\n{notes}- Python {machine.python}, {versions}\n\n"
        f"![{name} as bars](benchmarks/{name}.svg)\n"
    )


def drawn(kept: Record) -> str:
    """The plot of a record, as its suite draws it."""
    from .bench import SUITES  # the table needs this module's name first

    entry = SUITES.get(kept.suite)
    module = None if entry is None else importlib.import_module(entry.module)
    return str(getattr(module, "plot", bars)(kept.rows))
