"""Puts a bundle live for a line, after it has passed the site's labelled golden set; or puts the one before back.

python -m tools.promote configs/line.yaml out/edge2 --golden-set golden --why "finds faint scratches"
python -m tools.promote configs/line.yaml --rollback --why "rejects good parts of batch 7"
python -m tools.promote configs/line.yaml --history

The line says `bundle: promoted` under inspector. The golden set has good/ and bad/, with pictures as the line judges
them (the region, where it has one). An escape is a BAD picture not judged BAD, a false reject a GOOD one not judged
GOOD; UNKNOWN counts as either. A line that runs takes the bundle without losing a frame; one that refuses it goes on
with the old, which is then live again.

exit code: 0 done; 1 refused, nothing has changed; 2 misuse, or a file that cannot be read or written; 3 live, but the
running line has not said that it took it
"""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from pathlib import Path

import msgspec

from detector.bundle import open_bundle
from detector.errors import OpenError
from stream.claim import BusyError, Claim
from stream.configuration import read_line
from stream.live_bundle import bundles_folder, read_live
from stream.places import PlaceError, places_for
from stream.private import keep_private
from stream.problem import ConfigurationError
from stream.promotions import Entry, Limits, history
from stream.settings import PROMOTED, LineSettings

from .golden_set import GoldenSetError, read_golden_set
from .promotion import Done, NothingToDo, Person, Site

OK, REFUSED, MISUSE, UNANSWERED = 0, 1, 2, 3
NICE = 10  # where processors are short, the running line comes first


class MisuseError(Exception):
    """What was asked for cannot be; the text says what to write."""


def run(words: list[str]) -> int:
    """Does what the words say; gives the exit code."""
    arguments = _parser().parse_args(words)
    try:
        return _run(arguments)
    except NothingToDo as error:
        print(error)
        return REFUSED if arguments.rollback else OK
    except (ConfigurationError, MisuseError, GoldenSetError, OpenError, BusyError, PlaceError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; make room on the disk or change its rights", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ninterrupted; `--history` says what is live", file=sys.stderr)
    return MISUSE


def _run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides)
    if arguments.history:
        _print_history(line, as_json=arguments.json)
        return OK
    _refuse_misuse(arguments, line)
    user = _user()
    person = Person(user, arguments.who or user, arguments.why)
    places = places_for(line.data_dir)
    site = Site(line, places)
    claim = Claim(places.lock("promote"), "another promotion for this line")
    try:
        if arguments.rollback:
            done = site.roll_back(person)
        else:
            limits = Limits(arguments.max_escapes, arguments.max_false_rejects)
            golden = read_golden_set(arguments.golden_set)
            bundle = open_bundle(arguments.bundle)
            done = site.promote(bundle, golden, limits, person, show_progress=not arguments.json)
    finally:
        claim.close()
    _print(done, as_json=arguments.json)
    if done.ok:
        return OK
    return REFUSED if done.answered else UNANSWERED


def _user() -> str:
    """Who runs this, by the operating system; the number of a user without a name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.promote", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, metavar="FILE.yaml", help="the line")
    parser.add_argument("bundle", type=Path, nargs="?", metavar="BUNDLE", help="the folder of the bundle to put live")
    parser.add_argument("--golden-set", type=Path, metavar="DIR", help="labelled pictures, in good/ and bad/")
    parser.add_argument("--max-escapes", type=_count, default=0, metavar="N", help="allowed (default: 0)")
    parser.add_argument("--max-false-rejects", type=_count, default=0, metavar="N", help="allowed (default: 0)")
    parser.add_argument("--why", metavar="TEXT", help="goes on record")
    parser.add_argument("--who", metavar="NAME", help="goes on record beside the user (default: the user)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SETTING=VALUE")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--rollback", action="store_true", help="put the bundle live that was so before")
    instead.add_argument("--history", action="store_true", help="print the record")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"got {text}; a number of pictures is wanted, 0 or more")
    return int(text)


def _refuse_misuse(arguments: argparse.Namespace, line: LineSettings) -> None:
    """Raises MisuseError for words that do not go together, and for a line with a fixed bundle."""
    if not (arguments.why or "").strip():
        raise MisuseError("--why: missing; say in a few words why, it goes on record")
    if arguments.rollback and (arguments.bundle or arguments.golden_set):
        raise MisuseError("--rollback goes to the bundle that was live before; give no BUNDLE and no --golden-set")
    if not arguments.rollback and not (arguments.bundle and arguments.golden_set):
        raise MisuseError("BUNDLE and --golden-set DIR are needed; or --rollback, or --history")
    if line.inspector.bundle != PROMOTED:
        got = line.inspector.classifier or line.inspector.bundle or "the shipped bundle"
        raise MisuseError(
            f"{arguments.file}: inspector.bundle: the line judges with a fixed bundle, got {got}; write "
            "`bundle: promoted` under inspector, so that it judges with the one that is live"
        )


def _print(done: Done, *, as_json: bool) -> None:
    if as_json:
        document = {"ok": done.ok, "entry": done.entry, "line": done.line}
        wrong = [{"file": c.name, "truth": c.truth, "state": c.state, "score": c.score} for c in done.wrong]
        print(msgspec.json.encode({**document, "wrong": wrong}).decode())
        return
    for call in done.wrong:
        print(call)
    print(_told(done.entry))
    if done.line:
        print(f"The line: {done.line}")


def _print_history(line: LineSettings, *, as_json: bool) -> None:
    live = read_live(line.data_dir)
    entries = history(bundles_folder(line.data_dir))
    if live is not None and live.since not in entries:
        entries = (*entries, live.since)
    if as_json:
        print(msgspec.json.encode({"live": live.bundle if live else "", "entries": entries}).decode())
        return
    for entry in entries:
        print(_told(entry))
    print(f"Live: {live.bundle if live else 'nothing'}")


def _told(entry: Entry) -> str:
    """An entry for people, on two or three lines."""
    after, before = entry.after or "nothing", entry.before or "nothing"
    change = f"{after} stays live" if after == before else f"live: {after}, before: {before}"
    lines = [
        f"{entry.utc}  {entry.bundle} {entry.kind}; {change}",
        f"  by {entry.who} (user {entry.user}): {entry.why}",
    ]
    if (trial := entry.trial) is not None:
        found, limits = trial.measured, trial.limits
        lines.append(
            f"  golden set {trial.sha256[:12]}, {found.bad} BAD and {found.good} GOOD pictures: "
            f"escapes {found.escapes} (at most {limits.escapes}), false rejects {found.false_rejects} "
            f"(at most {limits.false_rejects}), of both UNKNOWN {found.unknown}; {trial.engine}"
        )
    if entry.text:
        lines.append(f"  {entry.text}")
    return "\n".join(lines)


if __name__ == "__main__":
    os.nice(NICE)
    keep_private()
    raise SystemExit(run(sys.argv[1:]))
