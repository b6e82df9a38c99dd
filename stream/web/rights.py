"""Who may do what: the roles, what each call asks for, and the name that goes on record where nobody logs in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from stream.web.visitor import UNNAMED, Visitor

VIEWER, OPERATOR, ENGINEER = "viewer", "operator", "engineer"
ROLES = (VIEWER, OPERATOR, ENGINEER)  # each may do what those before it may
NAME_MAX = 64  # characters of a name on record
NAMED_BY = "X-Linewatch-Name"  # a header with a name, in UTF-8 or percent-encoded
READING = ("GET", "HEAD")
Rights = Mapping[tuple[str, str], str]  # method, path as the router has it → the least role; empty: anybody
NOBODY = Visitor("", "")  # who has shown nothing, and is answered all the same
SOMEBODY, OTHERS = Visitor("somebody", "system"), Visitor("others", "system")  # whose names are not known, or too many
NOBODYS: Rights = MappingProxyType({})


def may(role: str, least: str) -> bool:
    """Whether a role is enough."""
    return not least or (role in ROLES and ROLES.index(role) >= ROLES.index(least))


def least_role(rights: Rights, method: str, path: str) -> str:
    """What a call asks for. One that no table knows may look at most: whatever changes something is an engineer's."""
    asked = "GET" if method == "HEAD" else method
    return rights.get((asked, path), VIEWER if method in READING else ENGINEER)


def named(header: str | None, role: str = ENGINEER) -> Visitor:
    """Whoever comes where nobody logs in, by the name that the page was given: a word, and no proof."""
    return Visitor(cleaned(header or "") or UNNAMED.name, role)


def cleaned(name: str) -> str:
    """A name as it may stand on record: one line of printable characters, so no controls and no turned writing."""
    plain = " ".join(unquote(name[: 12 * NAME_MAX], errors="replace").split())
    return "".join(sign for sign in plain if sign.isprintable() and sign != "\ufffd")[:NAME_MAX].strip()
