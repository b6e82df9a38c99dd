"""`python -m stream run`: the whole line from one file, until it ends or is told to stop."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from datetime import datetime, timezone

import msgspec

from stream.check import add_line_arguments
from stream.chosen_recipe import ChoiceError
from stream.claim import BusyError, Claim
from stream.configuration import read_line
from stream.far import HostError, with_far
from stream.heart import Heart, stopping_on_signals
from stream.hosts import home, host_of
from stream.keys import KeyFileError
from stream.live_bundle import LiveBundleError
from stream.log_error import LogError
from stream.log_upgrade import bring_log_up
from stream.notify import Notifier, notifier_of
from stream.page_address import address_of, open_socket
from stream.places import PlaceError, places_for
from stream.progress import Progress
from stream.secrets import hints
from stream.settings import LineSettings
from stream.summary import SessionSummary, as_text, check_truth, films_of, summarize
from stream.supervisor import Supervisor

log = logging.getLogger("linewatch")
OK, LEDGER_OPEN, NOTHING_JUDGED = 0, 1, 2
EXAMPLE = """example:
  python -m stream run configs/line.yaml --source rtsp://192.168.1.20/stream
  python -m stream run configs/demo.yaml --until-end --json

exit code: 0 frames were judged; 1 some are not accounted for; 2 refused, or nothing could be read;
70 a fault of the program itself, with its traceback"""


class RefusedError(Exception):
    """The line must not run; nothing was judged. The text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Runs the whole line: capture, inspection, record and page."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_line_arguments(parser)
    parser.add_argument(
        "--until-end",
        action="store_true",
        help="stop when every recording is over, as it does anyway where there is no terminal to press Ctrl-C at",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object, last on stdout")


def run(arguments: argparse.Namespace) -> int:
    line = read_line(arguments.file, arguments.overrides, arguments.source)
    for hint in hints(line):
        log.warning("%s", hint)
    at_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    if not (at_terminal or arguments.until_end or any(camera.live or camera.watched for camera in line.cameras)):
        say("No terminal here: the line, and its page, end with the last recording, as with --until-end")
    try:
        summary = run_line(line, until_end=arguments.until_end or not at_terminal, manager=notifier_of(os.environ))
    except RefusedError as error:
        log.error("%s", error)
        return NOTHING_JUDGED
    if log_away(line):
        say(f"The log lies on the host {host_of(line, 'record')}: `python -m stream log` tells there what it holds")
        return OK
    if arguments.json and summary is not None:
        print(msgspec.json.encode(summary).decode(), flush=True)
    return exit_code(summary)


def run_line(line: LineSettings, *, until_end: bool, manager: Notifier | None = None) -> SessionSummary | None:
    """Runs the line, shows its progress and prints its summary. None where there is no log to read it from.

    `until_end` False: when every recording is over, the page stays up until Ctrl-C. Raises RefusedError.
    """
    session = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    heart = Heart(None)
    manager = manager or Notifier(None, None)
    try:
        places = with_far(places_for(line.data_dir), line)
        Claim(places.lock("supervise"), f"the line of {line.data_dir}").close()  # else its own page's port is blamed
        page_here = line.display.enabled and host_of(line, "display") == home(line)
        with (
            open_socket(line.display) if page_here else contextlib.nullcontext() as listening,
            Supervisor(line, places, session, listening) as house,
            stopping_on_signals(heart, supervised=False),
        ):
            if listening is not None:
                say(f"Page             {address_of(listening)}")
            if not log_away(line):
                _bring_log_up(line, manager)
            refusal = house.start(heart)
            if refusal is not None:
                house.stop()
                raise RefusedError(refusal)
            manager.ready("the line judges")
            return _watch(line, house, heart, session, manager, until_end=until_end)
    except LiveBundleError as error:
        raise RefusedError(f"inspector.bundle: {error}") from error
    except ChoiceError as error:
        raise RefusedError(f"recipe: {error}") from error
    except (BusyError, PlaceError, HostError, KeyFileError) as error:
        raise RefusedError(str(error)) from error


def _watch(
    line: LineSettings, house: Supervisor, heart: Heart, session: str, manager: Notifier, *, until_end: bool
) -> SessionSummary | None:
    progress = Progress()
    over = False
    while heart.beat() and not house.stop_asked and not (over and until_end):
        house.step()
        state = house.house()
        manager.alive(state.alarms[0] if state.alarms else "the line judges")
        if not over:
            progress.show(house.cameras.values(), house.recorded, state)
        if house.ended and not over:
            over = True
            progress.finish()
            if not until_end:
                tell_summary(line, session)
                say("The page stays up; Ctrl-C ends it.")
    progress.finish()
    manager.stopping()
    house.stop()
    return summary_of(line, session) if over and not until_end else tell_summary(line, session)


def _bring_log_up(line: LineSettings, manager: Notifier) -> None:
    """Raises RefusedError: a line that cannot record soon stands still."""
    try:
        bring_log_up(line.data_dir, line.recorder.incident_gap_frames, manager.takes_longer)
    except LogError as error:
        raise RefusedError(str(error)) from error


def log_away(line: LineSettings) -> bool:
    """Whether another host records."""
    return host_of(line, "record") != home(line)


def tell_summary(line: LineSettings, session: str) -> SessionSummary | None:
    """Prints the summary for people; None where the log cannot be read."""
    summary = summary_of(line, session)
    if summary is not None:
        say(as_text(summary, check_truth(line, session), films_of(line, summary)))
    return summary


def summary_of(line: LineSettings, session: str) -> SessionSummary | None:
    if log_away(line):
        return None
    try:
        return summarize(line, session)
    except LogError as error:
        log.error("no summary: %s", error)
        return None


def exit_code(summary: SessionSummary | None) -> int:
    """0 where frames were read and each is accounted for; 1 where some are not; 2 where nothing could be read."""
    cameras = list(summary.cameras.values()) if summary else []
    if not any(camera.captured > camera.unreadable for camera in cameras):
        return NOTHING_JUDGED
    return OK if all(camera.ledger_closed for camera in cameras if camera.captured) else LEDGER_OPEN


def say(text: str) -> None:
    """To the person at the terminal; stdout is for machines."""
    print(text, file=sys.stderr, flush=True)
