"""The pages that people open: which address shows which file of static/, with the head that all of them share.

What else is in the file is its own business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from stream.limit_kinds import CAMERA_NAME

STATIC = Path(__file__).parent / "static"
HEAD, SHARED = "  <!-- head.html -->\n", STATIC / "head.html"


@dataclass(frozen=True)
class PageFile:
    """One page."""

    path: str  # as aiohttp's router takes it
    file: str


PAGES = (
    PageFile("/", "index.html"),  # the wall: all cameras, live
    PageFile(f"/camera/{{camera:{CAMERA_NAME.pattern}}}", "camera.html"),  # one camera, large
    PageFile("/incidents", "incidents.html"),
    PageFile("/samples", "samples.html"),
    PageFile("/figures", "figures.html"),
    PageFile("/report", "report.html"),
    PageFile("/audit", "audit.html"),
    PageFile("/api", "api.html"),  # the calls for programs
)


def add_pages(app: web.Application) -> None:
    """Puts the pages into the router."""
    for page in PAGES:
        app.router.add_get(page.path, _serving(STATIC / page.file))


def _serving(file: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(_request: web.Request) -> web.StreamResponse:
        if not file.is_file():  # asked each time: a page may be laid beside a server that runs
            raise web.HTTPNotFound(text=f"This Linewatch has no page {file.stem}.\n")
        return web.Response(text=whole(file.read_text("utf-8"), SHARED.read_text("utf-8")), content_type="text/html")

    return serve


def whole(page: str, head: str) -> str:
    """A page's text with the shared head where it asks for it."""
    return page.replace(HEAD, head, 1)
