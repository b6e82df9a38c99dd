"""`python -m stream watch HOST`: the live overlay of a line that runs elsewhere, in a window here."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from stream.desktop.watching import AddressError, Pass, Watching, address_of
from stream.desktop.window import KEYS, Window, WindowError
from stream.heart import Heart, stopping_on_signals
from stream.web.guard import GuardError, read_token

EXAMPLE = f"""example:
  python -m stream watch 192.168.1.10:8080 --token-file token
  python -m stream watch line7 --user ann          asks for the password

keys in the window: {KEYS}

exit code: 0 it was closed; 2 there is no desktop here, or what was given is wrong"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Opens the live overlay of a line, on this computer or another, in a window."
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("host", metavar="HOST[:PORT]", help="where the line's page is; port 8080 where none is given")
    parser.add_argument("--camera", default="", help="this one alone; 0 in the window shows all")
    parser.add_argument("--token-file", type=Path, help="file whose first line is the page's token")
    parser.add_argument("--user", default="", help="log in as; the password is asked for, or read from standard input")


def run(arguments: argparse.Namespace) -> int:
    try:
        address = address_of(arguments.host)
        way_in = _pass(arguments)
        heart = Heart(None)
        with stopping_on_signals(heart, supervised=False), Watching(address, way_in) as watching:
            window = Window(watching.seen, f"Linewatch {arguments.host}", camera=arguments.camera)
            window.run_while(heart.beat)
    except (AddressError, GuardError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _pass(arguments: argparse.Namespace) -> Pass:
    token = read_token(arguments.token_file) if arguments.token_file else ""
    if not arguments.user:
        return Pass(token)
    asked = sys.stdin is not None and sys.stdin.isatty()
    password = getpass.getpass(f"password of {arguments.user}: ") if asked else sys.stdin.readline().rstrip("\r\n")
    return Pass(token, arguments.user, password)
