"""The report as a file that needs nothing beside it: its looks and its pictures are in it. Reads files alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from pathlib import Path

from stream.keeping import EVIDENCE_FOLDER
from stream.report_page import Picture

STATIC = Path(__file__).parent / "web" / "static"
THUMB = "thumb.jpg"
THUMB_MAX = 2 << 20  # bytes; a larger one is none of ours


def linked(folder: str) -> str | None:
    """The address of a thumbnail on the page."""
    return f"/{folder}/{THUMB}"


def embedded(data_dir: Path) -> Picture:
    """Thumbnails as part of the document."""

    def picture(folder: str) -> str | None:
        path = data_dir / folder / THUMB
        inside = path.resolve().is_relative_to((data_dir / EVIDENCE_FOLDER).resolve())
        try:
            content = path.read_bytes() if inside and path.stat().st_size <= THUMB_MAX else b""
        except OSError:
            return None  # retention took it, or a worse frame's is there
        return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}" if content else None

    return picture


def still_there(data_dir: Path, picture: Callable[[str], str | None]) -> Picture:
    """Of those alone whose file is there."""
    return lambda folder: picture(folder) if (data_dir / folder / THUMB).is_file() else None


def document(article: str, title: str) -> str:
    """The whole file."""
    looks = (STATIC / "report.css").read_text()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>\n{looks}</style></head><body>{article}</body></html>\n"
    )
