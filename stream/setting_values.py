"""A part of the YAML → a value of the type that the setting has. Knows the types, not the settings.

Numbers are read from the text as it stands: YAML 1.1 takes `1:30` for 90, `010` for 8 and `1e3` for a word.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from detector.regions import Point
from detector.verdict import Box
from stream.secrets import host_of, is_address
from stream.setting_nodes import Listing, Mapping, Node, Scalar, one_line
from stream.settings import INDUSTRIAL_PREFIXES, PROMOTED, WATCH_PREFIX, Window

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_INDEX = re.compile(r"[0-9]{1,3}")


class Unfit(Exception):
    """The part does not fit the type; the text says what is needed, not what was got."""


def shown(node: Node) -> str:
    """The part for a message: short, on one line, without passwords."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Listing):
        short = len(node.items) <= 8 and all(isinstance(item, Scalar) for item in node.items)
        return f"[{', '.join(map(shown, node.items))}]" if short else f"a list of {len(node.items)}"
    if node.empty:
        return "nothing"
    text = one_line(node.text)
    return text if node.plain else f"'{text}'"


def text(node: Node) -> str:
    if not isinstance(node, Scalar) or node.empty:
        raise Unfit("needs a text")
    if node.plain and node.text.lower() in _TRUE + _FALSE:
        raise Unfit("needs a text and YAML reads this as true or false; put it in quotes")
    if not node.text or not node.text.isprintable():
        raise Unfit("needs a text of printable characters, at least one")
    return node.text


def truth(node: Node) -> bool:
    word = _plain(node, "needs true or false").lower()
    if word not in _TRUE + _FALSE:
        raise Unfit("needs true or false")
    return word in _TRUE


def whole(node: Node) -> int:
    digits = _plain(node, "needs a whole number")
    if not _INT.fullmatch(digits):
        raise Unfit("needs a whole number")
    return int(digits)


def number(node: Node) -> float:
    digits = _plain(node, "needs a number")
    if not _FLOAT.fullmatch(digits) or not math.isfinite(float(digits)):
        raise Unfit("needs a number")
    return float(digits)


def path(node: Node) -> Path:
    return absolute(text(node), node.place.folder)


def bundle(node: Node) -> Path:
    """A bundle's folder, or the word `promoted`; a folder of that name is `./promoted`."""
    name = text(node)
    return PROMOTED if name == str(PROMOTED) else absolute(name, node.place.folder)


def switch(node: Node) -> str:
    """A word, among them on and off, which YAML 1.1 takes for true and false."""
    if isinstance(node, Scalar) and node.plain and node.text.lower() in _TRUE + _FALSE:
        return "on" if node.text.lower() in _TRUE else "off"
    return text(node)


def words(node: Node) -> tuple[str, ...]:
    """A list of texts, or a single one."""
    return tuple(text(item) for item in node.items) if isinstance(node, Listing) else (text(node),)


def threads(node: Node) -> int | None:
    """A whole number, or the word `auto`, which is None."""
    if isinstance(node, Scalar) and node.text == "auto":
        return None
    try:
        return whole(node)
    except Unfit as error:
        raise Unfit(f"{error}, or auto") from None


def box(node: Node) -> Box:
    if not isinstance(node, Listing) or len(node.items) != 4:
        raise Unfit("needs four whole numbers [x0, y0, x1, y1]")
    try:
        return Box(*map(whole, node.items))
    except Unfit:
        raise Unfit("needs four whole numbers [x0, y0, x1, y1]") from None


def window(node: Node) -> Window:
    if not isinstance(node, Listing) or len(node.items) != 4:
        raise Unfit("needs four whole numbers [x, y, width, height]")
    try:
        return Window(*map(whole, node.items))
    except Unfit:
        raise Unfit("needs four whole numbers [x, y, width, height]") from None


def white_balance(node: Node) -> str | tuple[float, float, float]:
    """A word, or the ratios of red, green and blue."""
    if not isinstance(node, Listing):
        if isinstance(node, Scalar) and node.text.lower() == "off":  # which YAML 1.1 would take for false
            return "off"
        return text(node)
    if len(node.items) != 3:
        raise Unfit("needs off, once, auto, or three numbers [red, green, blue]")
    red, green, blue = map(number, node.items)
    return red, green, blue


def polygon(node: Node) -> tuple[Point, ...]:
    needed = "needs corners of two whole numbers each, [[x, y], [x, y], [x, y]]"
    if not isinstance(node, Listing):
        raise Unfit(needed)
    try:
        pairs = [[whole(number) for number in corner.items] for corner in node.items if isinstance(corner, Listing)]
    except Unfit:
        raise Unfit(needed) from None
    if len(pairs) != len(node.items) or any(len(pair) != 2 for pair in pairs):
        raise Unfit(needed)
    return tuple(Point(x, y) for x, y in pairs)


def source(node: Node) -> str:
    """An address, a camera's index, /dev/…, synthetic: and the like as they stand; a file or a folder absolute."""
    name = text(node)
    if is_address(name):
        if not host_of(name):
            raise Unfit("an address needs a host; write rtsp://HOST/PATH, and a file as its path alone")
        scheme, _, rest = name.partition("://")
        return f"{scheme.lower()}://{rest}"
    if name.startswith("genicam:") and not name.startswith(("genicam:#", "genicam:/")) and name != "genicam:":
        producer, number_sign, serial = name.removeprefix("genicam:").partition("#")
        return f"genicam:{absolute(producer, node.place.folder)}{number_sign}{serial}"
    if _INDEX.fullmatch(name) or name.startswith(("/dev/", "synthetic:", "numbered:", *INDUSTRIAL_PREFIXES)):
        return name
    if name.startswith(WATCH_PREFIX):
        if not (folder := name.removeprefix(WATCH_PREFIX)):
            raise Unfit("watch: needs a folder; write watch:FOLDER")
        return f"{WATCH_PREFIX}{absolute(folder, node.place.folder)}"
    return str(absolute(name, node.place.folder))


def _plain(node: Node, needed: str) -> str:
    if isinstance(node, Scalar) and not node.plain:
        raise Unfit(f"{needed}, without quotes")
    if not isinstance(node, Scalar):
        raise Unfit(needed)
    return node.text


def absolute(name: str, folder: Path) -> Path:
    """The path as seen from the folder, without `..` and links, so that it means the same in every process."""
    at_home = name == "~" or name.startswith("~/")
    return Path(os.path.realpath(folder / (Path(name).expanduser() if at_home else name)))


READERS: dict[Any, Callable[[Node], Any]] = {
    **{bool: truth, int: whole, float: number, str: text},
    **{Path: path, Box: box, Window: window},
}
