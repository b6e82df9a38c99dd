"""`python -m stream retention`: what pictures take of the disk, what would be deleted now, how long the disk lasts."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from stream.configuration import read_line
from stream.keeping import LOG_FILE
from stream.log_error import LOG_ERRORS
from stream.retention_plan import DAY_NS, GB, KINDS, Piece, kept
from stream.retention_sizes import BLOCK
from stream.retention_turn import preview
from stream.settings import LineSettings

WINDOW_DAYS = 7.0  # over which growth is looked at
EXAMPLE = """examples:
  python -m stream retention configs/line.yaml
  python -m stream retention configs/line.yaml --set retention.evidence.gb=50 --dry-run

Deletes nothing: the recorder of a running line does, by the section `retention` of its file.

exit code: 0 shown, 2 no such file, or no log there"""


@dataclass(frozen=True)
class KindShown:
    """One kind of pictures."""

    kind: str
    bytes: int
    days: float | None  # that are kept; None: for ever
    gb: float | None
    would_go: int  # pieces, now
    would_free: int  # bytes


@dataclass(frozen=True)
class Shown:
    """The whole disk."""

    kinds: tuple[KindShown, ...]
    free_bytes: int
    bytes_a_day: float | None  # written in the days that were looked at; None: less than an hour is there
    days_left: float | None  # None: it does not grow, or nobody knows yet

    @property
    def budgeted(self) -> bool:
        """Whether every kind that has pictures has a budget in GB: then what is written gives way to itself."""
        return all(kind.gb is not None for kind in self.kinds if kind.bytes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Shows what pictures take of the disk, and what retention would delete now."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line whose pictures they are")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE", help="as the line was started"
    )
    parser.add_argument("--dry-run", action="store_true", help="also name each piece that would go")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides)
    try:
        found = preview(line, lambda: None)
        shown = shown_of(line, found, time.time_ns())
    except LOG_ERRORS as error:
        print(error, file=sys.stderr)
        return 2
    pieces = [piece for _, gone in found.values() for piece in gone] if arguments.dry_run else []
    if arguments.json:
        said = asdict(shown) | ({"would_go": [asdict(piece) for piece in pieces]} if arguments.dry_run else {})
        print(json.dumps(said))
        return 0
    sys.stdout.writelines(f"{text}\n" for text in (*told(shown), *(_one(piece) for piece in pieces)))
    return 0


def shown_of(line: LineSettings, found: dict[str, tuple[int, list[Piece]]], now_ns: int) -> Shown:
    """What the disk of data_dir holds and how it grows. Raises OSError."""
    kinds = []
    for kind in KINDS:
        there, going = found.get(kind, (0, []))
        settings = kept(line.retention, kind)
        freed = sum(piece.bytes for piece in going)
        kinds.append(KindShown(kind, there, settings.days, settings.gb, len(going), freed))
    free = shutil.disk_usage(line.data_dir).free
    growth = growth_of(line.data_dir, now_ns)
    return Shown(tuple(kinds), free, growth, free / growth if growth else None)


def growth_of(data_dir: Path, now_ns: int) -> float | None:
    """Bytes a day that the last days have brought and that are still there."""
    log = data_dir / LOG_FILE
    seen = [(log.stat().st_blocks * BLOCK, log.stat().st_mtime_ns)] if log.is_file() else []
    seen += [one for kind in KINDS for one in _files(data_dir / kind)]
    recent = [(size, then) for size, then in seen if then >= now_ns - WINDOW_DAYS * DAY_NS]
    days = (now_ns - min((then for _, then in recent), default=now_ns)) / DAY_NS
    return sum(size for size, _ in recent) / days if days > 1 / 24 else None


def told(shown: Shown) -> Iterator[str]:
    """For people."""
    yield f"{'':<10}{'GB':>10}{'budget GB':>12}{'days':>8}   would go now"
    for kind in shown.kinds:
        gb, days = ("-" if value is None else f"{value:g}" for value in (kind.gb, kind.days))
        going = f"{kind.would_go} pieces, {kind.would_free / GB:.3f} GB" if kind.would_go else "nothing"
        yield f"{kind.kind:<10}{kind.bytes / GB:>10.3f}{gb:>12}{days:>8}   {going}"
    yield f"{'free':<10}{shown.free_bytes / GB:>10.3f}"
    if shown.bytes_a_day is None or shown.days_left is None:
        yield "How long the disk lasts is not known yet: no file of the last days is older than an hour."
        return
    growth = f"The last {WINDOW_DAYS:g} days brought {shown.bytes_a_day / GB:.3f} GB a day"
    if shown.budgeted:
        yield f"{growth}; the budgets hold it, and the log alone grows on."
    else:
        yield f"{growth}; without more budgets the disk lasts {shown.days_left:.0f} days."


def _one(piece: Piece) -> str:
    time_ = datetime.fromtimestamp(piece.utc_ns / 1e9, timezone.utc).isoformat(timespec="seconds")
    return f"{time_}  {piece.kind:<9} {piece.bytes / 1e6:8.2f} MB  {piece.paths[0]}"


def _files(folder: Path) -> Iterator[tuple[int, int]]:
    """Bytes on the disk and time of writing of all files below a folder."""
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                seen = os.stat(os.path.join(top, name))  # noqa: PTH116, PTH118
            except FileNotFoundError:
                continue
            yield seen.st_blocks * BLOCK, seen.st_mtime_ns
