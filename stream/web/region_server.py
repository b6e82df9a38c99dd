"""The page on which a camera's regions are drawn: its routes. Who may ask for them is admission.py's business."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from aiohttp import web

from detector.bundle import Bundle
from detector.regions import Region
from stream.probe import PictureSize
from stream.region_eye import Sighted
from stream.region_forms import Drawn, SeenRegion, form_of, look_at, regions_of
from stream.region_writing import WritingError, Written, read_file, save, shown
from stream.web.admission import Admission
from stream.web.guard import OPENING, REGIONS_LOOK, REGIONS_SAVE
from stream.web.pages import STATIC
from stream.web.server import say_what_is_allowed

log = logging.getLogger("linewatch")
BODY_MAX = 256 * 1024
TEXT = "application/json"


class Looks(Protocol):
    """What sees the camera."""

    recent: tuple[Sighted, ...]
    said: str


@dataclass(frozen=True)
class Drawing:
    """What is drawn on."""

    camera: str
    written: Written  # the file as it was read or saved last
    regions: tuple[Region, ...]  # in it
    bundle: Bundle | None
    without_bundle: str  # why there is none
    eye: Looks


class RegionPage:
    """One camera's page; everybody who has it open draws on the same file."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._held: Sighted | None = None  # what a page shows and may go on showing

    def application(self, admission: Admission) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX, middlewares=[admission.admit])
        app.router.add_get("/", self.index)
        app.router.add_post(OPENING, admission.open)
        app.router.add_get("/status.json", self.state)
        app.router.add_get("/regions/picture", self.picture)
        app.router.add_post(REGIONS_LOOK, self.look)
        app.router.add_post(REGIONS_SAVE, self.save)
        app.router.add_static("/static", STATIC, show_index=False, follow_symlinks=False)
        app.on_response_prepare.append(say_what_is_allowed)
        return app

    async def index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "regions.html")

    async def state(self, _request: web.Request) -> web.StreamResponse:
        one = self._drawing
        bundle = one.bundle
        return _json(
            {
                "camera": one.camera,
                "file": one.written.path.name,
                "sha256": one.written.sha256,
                "bundle": bundle.id if bundle else "",
                "without_bundle": one.without_bundle,
                "input": [bundle.classifier.input.width, bundle.classifier.input.height] if bundle else None,
                "regions": [form_of(region) for region in one.regions],
            }
        )

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """The newest picture where it is newer than `after`; else nothing but what is said of the camera."""
        seen, said = self._newest, self._drawing.eye.said
        headers = {"Linewatch-Said": said.encode("ascii", "replace").decode().replace("\n", " ")[:300]}
        if seen is None or request.query.get("after") == str(seen.number):
            return web.Response(status=204, headers=headers)
        headers |= {"Linewatch-Number": str(seen.number), "Linewatch-Size": f"{seen.width}x{seen.height}"}
        return web.Response(body=seen.jpeg, content_type="image/jpeg", headers=headers)

    async def look(self, request: web.Request) -> web.StreamResponse:
        drawn = await _drawn(request)
        regions = regions_of(drawn.regions)
        held = next(
            (one for one in (*self._drawing.eye.recent, self._held) if one and one.number == drawn.picture), None
        )
        self._held = held or self._held
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(None, self._look, regions, None if held is None else held.pixels)
        return _json({"regions": seen, "yaml": shown(self._drawing.camera, regions)})

    async def save(self, request: web.Request) -> web.StreamResponse:
        drawn = await _drawn(request)
        regions = regions_of(drawn.regions)
        wrong = [f"{one.name}: {text}" for one in self._look(regions) for text in one.problems]
        if wrong:
            return _json({"ok": False, "text": "; ".join(wrong)})
        if drawn.sha256 != self._drawing.written.sha256:
            text = "another page has saved meanwhile; load this one again, or copy the text"
            return _json({"ok": False, "text": text})
        loop = asyncio.get_running_loop()
        try:
            written = await loop.run_in_executor(None, save, self._drawing.written, self._drawing.camera, regions)
        except WritingError as error:
            return _json({"ok": False, "text": str(error)})
        self._drawing = replace(self._drawing, written=written, regions=regions)
        log.info("%s: regions of %s written: %s", written.path, self._drawing.camera, _names(regions))
        return _json({"ok": True, "text": f"written to {written.path.name}", "sha256": written.sha256})

    @property
    def _newest(self) -> Sighted | None:
        recent = self._drawing.eye.recent
        return recent[-1] if recent else None

    def _look(self, regions: tuple[Region, ...], picture: np.ndarray | None = None) -> list[SeenRegion]:
        seen = self._newest
        size = PictureSize(seen.width, seen.height) if seen else None
        return look_at(regions, size, self._drawing.bundle, picture)


def drawing_of(
    path: Path, camera: str, regions: tuple[Region, ...], eye: Looks, bundle: Bundle | None, why: str
) -> Drawing:
    """What the page begins with. Raises WritingError where the file cannot be read."""
    return Drawing(camera, read_file(path), regions, bundle, why, eye)


async def _drawn(request: web.Request) -> Drawn:
    try:
        return msgspec.json.decode(await request.read(), type=Drawn)
    except (msgspec.DecodeError, RecursionError) as error:
        raise web.HTTPBadRequest(text=f"not regions: {error}\n") from None


def _json(said: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(said), content_type=TEXT)


def _names(regions: tuple[Region, ...]) -> str:
    return ", ".join(region.name for region in regions) or "none"
