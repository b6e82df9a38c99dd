"""Who asks: the name that goes on record, and what the visitor may do."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Visitor:
    """Whoever sent a request, as admission.py found out; `request[VISITOR]`."""

    name: str
    role: str  # viewer | operator | engineer


VISITOR = web.RequestKey("visitor", Visitor)
UNNAMED = Visitor("unnamed", "engineer")
