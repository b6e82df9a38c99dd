"""One call of the API as it stands in the table: what is asked, by whom it may be asked, what is answered. No server.

A handler gets the request and what the page is made of. What it raises as an HTTPException becomes `{"error": …}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from stream.web.page import Page

JSON = "application/json"
Handler = Callable[[web.Request, "Page"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """A call.

    `query` and `body` are msgspec types of what may be asked; `answer` is the type of the JSON that comes back, or
    the media types, with a comma between them, where it is no JSON.
    """

    method: str
    path: str
    role: str  # the least that may ask: viewer | operator | engineer; empty: anybody who reaches the page
    summary: str
    query: type | None
    body: type | None
    answer: Any
    handler: Handler

    @property
    def media(self) -> str:
        return self.answer if isinstance(self.answer, str) else JSON
