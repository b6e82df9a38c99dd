"""`python -m stream audit`: whether the log is still what was recorded, what was done to the line, the newest hash."""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from stream.audit_check import Finding, Missing, check_chain, missing_frames
from stream.audit_evidence import check_evidence
from stream.audit_list import add_list_arguments, show_acts
from stream.audit_tables import checks
from stream.audit_tally import Tally
from stream.audit_vouched import AsideError
from stream.chain import BYTES, Entry
from stream.configuration import read_line
from stream.log_chain import last_entry
from stream.log_error import LogError
from stream.log_reading import keeps_incidents, open_for_reading

HEAD = re.compile(rf"[0-9]{{1,19}}:[0-9a-f]{{{2 * BYTES}}}", re.ASCII)
EXAMPLE = """examples:
  python -m stream audit verify configs/demo.yaml
  python -m stream audit verify --data-dir linewatch-data/demo --evidence
  python -m stream audit head configs/demo.yaml >> /on/another/computer/heads.txt
  python -m stream audit verify configs/demo.yaml --head "$(tail -n 1 /on/another/computer/heads.txt)"
  python -m stream audit list configs/demo.yaml --since 7d --kind setting

exit code: 0 nothing is wrong, 1 something was changed, is missing or was added,
2 nothing can be said: no log there, no head that was kept, no room for what is kept aside"""
OLDER = "a log from before there was an audit: open it once with `python -m stream run` or `record`, which seals it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "What was done to a line by whom, and whether its log is still what was recorded."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    doing = parser.add_subparsers(dest="doing", required=True, metavar="verify|list|head")
    for name, says in (
        ("verify", "find what was changed"),
        ("list", "what was done, by whom"),
        ("head", "the newest hash: keep it on another computer, `verify --head` asks for it later"),
    ):
        below = doing.add_parser(name, help=says, description=says, epilog=EXAMPLE)
        below.formatter_class = argparse.RawDescriptionHelpFormatter
        below.add_argument("file", type=Path, nargs="?", metavar="FILE.yaml", help="the line whose log it is")
        below.add_argument("--data-dir", type=Path, help="the log's folder, instead of a line's file")
        below.add_argument("--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE")
        MORE.get(name, lambda _parser: None)(below)


def run(arguments: argparse.Namespace) -> int:
    data_dir = arguments.data_dir
    if data_dir is None:
        data_dir = read_line(arguments.file, arguments.overrides).data_dir if arguments.file else Path("linewatch-data")
    try:
        db = open_for_reading(data_dir)
    except LogError as error:
        print(f"{error}, as in: python -m stream audit {arguments.doing} --data-dir DIR", file=sys.stderr)
        return 2
    with closing(db):
        if not keeps_incidents(db):
            print(f"{data_dir}: {OLDER}", file=sys.stderr)
            return 2
        try:
            return DOING[arguments.doing](db, data_dir, arguments)
        except AsideError as error:
            print(f"{data_dir}: nothing is said of the log: {error}", file=sys.stderr)
            return 2
        except sqlite3.Error as error:
            print(f"{data_dir}: the log cannot be read on: {error}; it is damaged", file=sys.stderr)
            return 1


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--evidence", action="store_true", help="the pictures as well, each against its hash")
    parser.add_argument(
        "--head",
        type=_kept,
        metavar="NUMBER:HASH",
        help="what `audit head` told once, kept elsewhere: whether all is still there that was there then",
    )
    parser.add_argument("--json", action="store_true", help="what was found as one JSON object, for a machine")


def _kept(text: str) -> str:
    """An entry as `audit head` tells it; empty where it told that there was none yet."""
    said = text.strip().lower()
    if said == "none":
        return ""
    if not said:  # never "none": the file that should hold it was away, and whoever cut off an end would pass
        raise argparse.ArgumentTypeError(
            "got nothing: look at the file that keeps what `audit head` prints; of a log without entries it prints none"
        )
    if not HEAD.fullmatch(said):
        raise argparse.ArgumentTypeError(
            f"a line as `audit head` prints it, NUMBER:HASH with all {2 * BYTES} digits of the hash; got {text!r}"
        )
    return said


def _verify(db: sqlite3.Connection, data_dir: Path, arguments: argparse.Namespace) -> int:
    db.execute("BEGIN")  # one state of the log, also while the line writes on
    (entries,) = db.execute("SELECT count(*) FROM chain").fetchone()
    (older,) = db.execute("SELECT count(*) FROM verdicts WHERE entry = 0").fetchone()
    head, tally = _newest(db), Tally(aloud=not arguments.json, kept=arguments.head)
    lost = False
    for step in tqdm(
        check_chain(db, arguments.head or None), "entries", entries, unit="entry", disable=_quiet(), delay=1
    ):
        lost |= isinstance(step, Missing)
        tally.take(step)
    if lost:
        for frame in missing_frames(db):
            tally.take(Finding(f"{frame}: its row is missing, the ledger knows it"))
    named = checks(db)
    for name in tqdm(named, "tables", unit="table", disable=_quiet(), delay=1):
        for found in named[name](db):
            tally.take(found)
    if arguments.evidence:
        (folders,) = db.execute("SELECT count(*) FROM verdicts WHERE evidence IS NOT NULL").fetchone()
        for look in tqdm(check_evidence(db, data_dir), "evidence", folders, unit="folder", disable=_quiet(), delay=1):
            tally.take(look)
    if arguments.json:
        print(json.dumps({**tally.counts(), "older": older, "head": head.head if head else None}))
    else:
        tally.tell(older, head, tally.held.told(db), evidence=arguments.evidence)
    return 1 if tally.findings else 0


def _newest(db: sqlite3.Connection) -> Entry | None:
    """The newest entry; None also where it has not the form of one, which is a finding of the chain's own."""
    try:
        return last_entry(db)
    except LogError:
        return None


def _head(db: sqlite3.Connection, _data_dir: Path, _arguments: argparse.Namespace) -> int:
    try:
        head = last_entry(db)
    except LogError as error:
        print(error, file=sys.stderr)
        return 1
    print(head.head if head else "none")
    return 0


def _list(db: sqlite3.Connection, _data_dir: Path, arguments: argparse.Namespace) -> int:
    show_acts(db, arguments, sys.stdout)
    return 0


def _quiet() -> bool:
    return not sys.stderr.isatty()


DOING = {"verify": _verify, "list": _list, "head": _head}
MORE = {"verify": _verify_arguments, "list": add_list_arguments}
