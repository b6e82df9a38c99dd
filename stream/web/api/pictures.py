"""The files that lie in the folders of a frame: its evidence, or what is kept of a GOOD one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from stream.keeping import EVIDENCE_FOLDER, SAMPLES_FOLDER, evidence_folder, sample_folder
from stream.limit_kinds import CAMERA_NAME
from stream.web.api.route import Handler, Route
from stream.web.page import Page

FILES = ("frame.jpg", "frame.png", "mask.png", "overlay.jpg", "thumb.jpg", "evidence.json")
NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
MEDIA = "image/jpeg, image/png, application/json"
Folder = Callable[[str, int, int], str]  # camera, run, seq → the folder, relative to data_dir


def evidence_file(data_dir: Path, camera: str, run: str, seq: str, name: str) -> Path | None:
    """The file of a frame's evidence; None where the words of the address name none."""
    return _file(data_dir, EVIDENCE_FOLDER, evidence_folder, (camera, run, seq, name))


def sample_file(data_dir: Path, camera: str, run: str, seq: str, name: str) -> Path | None:
    """The file of a GOOD frame that is kept; None where the words of the address name none."""
    return _file(data_dir, SAMPLES_FOLDER, sample_folder, (camera, run, seq, name))


def _file(data_dir: Path, top: str, folder: Folder, words: tuple[str, str, str, str]) -> Path | None:
    camera, run, seq, name = words
    if not (CAMERA_NAME.fullmatch(camera) and NUMBER.fullmatch(run) and NUMBER.fullmatch(seq)):
        return None
    if name not in FILES:
        return None
    path = data_dir / folder(camera, int(run), int(seq)) / name
    inside = path.resolve().is_relative_to((data_dir / top).resolve())
    return path if inside and path.is_file() else None


def _sending(find: Callable[[Path, str, str, str, str], Path | None], missing: str) -> Handler:
    async def send(request: web.Request, page: Page) -> web.StreamResponse:
        words = request.match_info
        path = await asyncio.to_thread(find, page.data_dir, words["camera"], words["run"], words["seq"], words["file"])
        if path is None:
            raise web.HTTPNotFound(text=missing)
        return web.FileResponse(path)

    return send


evidence = _sending(evidence_file, "no such evidence; it gives way to that of a worse frame, and to age")
sample = _sending(sample_file, "no such sample; the oldest give way")
AT = "/{camera}/{run}/{seq}/{file}"
KEPT = f"One file: {', '.join(FILES)}"
ROUTES = (
    Route("GET", f"/evidence{AT}", "viewer", f"A defect's evidence. {KEPT}", None, None, MEDIA, evidence),
    Route("GET", f"/samples{AT}", "viewer", f"A GOOD frame that is kept. {KEPT}", None, None, MEDIA, sample),
)
