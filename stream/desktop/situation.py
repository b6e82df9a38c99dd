"""What the window may claim of a camera, by its own clock. Pure.

The page has the same rules in JavaScript (static/rules.js): a browser must know by itself that nothing comes any more.
tests/test_same_rules.py asks both of them the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream.number_words import scored, span
from stream.web.pictures import PictureHeader
from stream.web.talk import CameraView

FRESH_S = 1.0  # the page's server says how the line is five times a second
STATES = ("GOOD", "BAD", "UNKNOWN")
# What a silent camera's own state says, where the line still speaks.
COVERS = {"ended": ("ended", "ENDED"), "retrying": ("retrying", "RETRYING"), "waiting": ("waiting", "WAITING")}
NO_TEXT = {"retrying": "trying again…"}
MEANS = {"retrying": "not inspected · "}  # for the product, before the camera's own words


@dataclass(frozen=True)
class Shown:
    """A picture as it arrived."""

    header: PictureHeader
    arrived_s: float  # by this computer's monotonic clock

    def age_s(self, now_s: float) -> float:
        """Since it was captured."""
        return self.header.age_ms / 1000 + now_s - self.arrived_s

    def silent_s(self, now_s: float) -> float:
        """Since it was judged, and no other has come."""
        return self.header.judged_ms / 1000 + now_s - self.arrived_s


@dataclass(frozen=True)
class Situation:
    """What a camera's plate says; covered: what is seen below is no live picture."""

    kind: str  # good | bad | unknown | stale | retrying | waiting | ended
    word: str
    text: str
    covered: bool


def situation(
    camera: CameraView | None, shown: Shown | None, *, heard_s: float, watched_s: float, now_s: float
) -> Situation:
    """`camera`: what the server last said of it; `heard_s`: since then; `watched_s`: since the window knows of it."""
    after_s = camera.stale_after_ms / 1000 if camera else FRESH_S
    silent_s = shown.silent_s(now_s) if shown else watched_s
    if shown is not None and silent_s <= after_s:
        return _live(shown.header)
    heard = camera is not None and heard_s <= FRESH_S
    if camera is not None and heard and camera.state in COVERS:
        text = MEANS.get(camera.state, "") + (camera.text or NO_TEXT.get(camera.state, ""))
        return Situation(*COVERS[camera.state], text, covered=True)
    if shown is None and (silent_s <= after_s or (camera is not None and heard and camera.state == "starting")):
        return Situation("waiting", "WAITING", camera.text if camera and heard else "", covered=True)
    return Situation("stale", "STALE", _why_stale(camera, shown, silent_s, heard=heard), covered=True)


def _live(header: PictureHeader) -> Situation:
    state = header.state if header.state in STATES else "UNKNOWN"
    score = "" if header.score is None else f"score {scored(header.score, header.threshold)}"
    return Situation(state.lower(), state, header.reason or score, covered=False)


def _why_stale(camera: CameraView | None, shown: Shown | None, silent_s: float, *, heard: bool) -> str:
    since = f"no picture for {span(silent_s)}" if shown else "no picture yet"
    if not heard:
        return f"{since} · no word from the line"
    return f"{since} · {camera.text}" if camera and camera.state == "silent" and camera.text else since
