"""What takes the place of a user's camera in a soak, and what is true of it: one of its own kind, with known pictures.

Of each kind one: numbered live cameras, recordings, web servers (soak_web_camera.py), watched folders (soak_feeder.py)
and a GigE camera (soak_gige.py). Knows no process.
"""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from stream.settings import WATCH_PREFIX, CameraSettings, ControlSettings
from stream.sources.numbered import PREFIX, wish_in
from stream.sources.numbered_picture import WIDEST
from stream.sources.numbered_spells import DAMAGED, Spell

from .soak_announced import TOPIC
from .soak_gige import ADDRESS, SIDE, is_to_be_had
from .soak_truth import CameraTruth
from .soak_web_camera import SINGLE_SHARE

SIZE = (320, 240)  # width, height, where the file says nothing
LIVE, RECORDING, WEB, WATCHED, GIGE = "live", "recording", "web", "watched", "gige"
NAMES = {
    LIVE: "a numbered live camera",
    RECORDING: "a numbered recording, played at its own pace",
    WEB: "a web server of the soak's own, with numbered pictures",
    WATCHED: "a folder of the soak's own, into which numbered pictures are put",
    GIGE: "a GigE camera that Aravis plays on this computer; none of its pictures is BAD",
}
FPS = {LIVE: 30.0, RECORDING: 20.0, WEB: 30.0, WATCHED: 2.0, GIGE: 25.0}
BAD_SHARE = {LIVE: 0.1, RECORDING: 0.1, WEB: 0.1, WATCHED: 0.2, GIGE: 0.0}
LONGER = 1.1  # a recording must not be over before its soak
DAMAGED_S, DAMAGED_EVERY_S = (2.0, 5.0), 12.0  # of each so many seconds a web camera sends damaged pictures in those
PORTS = (20_000, 30_000)  # below those that a system gives to whoever calls
Change = tuple[str, object]  # path of a setting, its value


@dataclass(frozen=True)
class SoakCamera:
    """A camera as it is soaked."""

    truth: CameraTruth
    settings: CameraSettings  # as run
    theirs: CameraSettings
    out: Path

    @property
    def source(self) -> Path:
        """Of a live camera its control file, of a recording the film, of a watched folder that."""
        return _place(self.theirs, self.out)

    @cached_property
    def port(self) -> int:
        """Of a web camera."""
        return int(self.settings.source.rpartition(":")[2].partition("/")[0])

    def wish(self, seed: int) -> str:
        """What its pictures are to be like, as the address of a numbered camera."""
        return f"{PREFIX}?{_wish(self.truth, seed)}"


def kind_of(camera: CameraSettings) -> str:
    """One of NAMES."""
    if camera.source.startswith(("http://", "https://")):
        return WEB
    if camera.watched:
        return WATCHED
    if camera.source == ADDRESS and _gige_is_to_be_had():
        return GIGE
    return LIVE if camera.live else RECORDING


@cache
def _gige_is_to_be_had() -> bool:
    """Asked once: later the soak's own camera has the port."""
    return is_to_be_had()


def spells_of(camera: CameraSettings) -> tuple[Spell, ...]:
    """When a camera as the user has it fails by itself."""
    return wish_in(camera.source).spells if camera.source.startswith(PREFIX) else ()


def truth_of(theirs: CameraSettings, ours: CameraSettings, seed: int, minutes: float) -> CameraTruth:
    """What is true of the pictures that take the place of theirs."""
    kind = kind_of(theirs)
    width, height, fps, share = _wanted(theirs)
    return CameraTruth(
        name=theirs.name,
        kind=kind,
        policy="newest" if ours.newest else "every",
        bad_share=share,
        width=width,
        height=height,
        fps=fps,
        pictures=round(minutes * 60 * fps * LONGER) if kind == RECORDING else None,
        deadline_ms=ours.deadline_ms if ours.newest else None,
        spells=tuple(str(spell) for spell in _spells(theirs, fps)),
        damaged_share=SINGLE_SHARE if kind == WEB else 0.0,
        told=ours.parts.told,
        heard=ours.parts.told_by == "mqtt",
        ordered=kind == GIGE and ours.control.trigger == "software",
    )


def changes_of(theirs: CameraSettings, out: Path, seed: int, minutes: float) -> list[Change]:
    """What is laid over their camera."""
    path = f"cameras.{theirs.name}"
    taken = ("fps", "width", "height", "username", "password_file", "certificate")
    changes: list[Change] = [(f"{path}.{key}", None) for key in taken]
    if theirs.parts.told_by == "mqtt":
        changes += [(f"{path}.parts.mqtt.{key}", value) for key, value in _broker(theirs.name, out).items()]
    if theirs.control != ControlSettings():
        changes += [(f"{path}.control", _orders(theirs)), (f"{path}.policy", "newest" if theirs.newest else "every")]
    if theirs.challenge.pictures is not None:
        changes += [(f"{path}.challenge.pictures", str(stored_pictures(theirs.name, out)))]
    kind = kind_of(theirs)
    if kind == LIVE:
        wish = _wish(truth_of(theirs, theirs, seed, minutes), seed)
        return [*changes, (f"{path}.source", f"{PREFIX}?{wish}&control={_place(theirs, out)}")]
    if kind == GIGE:
        return [*changes, (f"{path}.source", ADDRESS)]
    if kind == WEB:
        port = free_port(f"{out}|{theirs.name}")
        return [*changes, (f"{path}.source", f"http://127.0.0.1:{port}/numbered")]
    if kind == WATCHED:
        return [*changes, (f"{path}.source", f"{WATCH_PREFIX}{_place(theirs, out)}"), (f"{path}.taken_list", None)]
    return [*changes, (f"{path}.source", str(_place(theirs, out))), (f"{path}.pace", "recorded")]


def _broker(camera: str, out: Path) -> dict[str, object]:
    """The soak's own, of which a camera that hears one hears then."""
    theirs = dict.fromkeys(("username", "password_file", "authority"), None)
    port = free_port(f"{out}|broker")
    return {**theirs, "host": "127.0.0.1", "port": port, "topic": f"{TOPIC}{camera}", "tls": False}


def _orders(theirs: CameraSettings) -> dict[str, str] | None:
    """What a camera is set to in place of theirs: nothing pulls a trigger here, but that parts are announced."""
    ordered = kind_of(theirs) == GIGE and theirs.control.trigger == "software"
    return {"trigger": "software"} if ordered else None


def stored_pictures(camera: str, out: Path) -> Path:
    """The folder of its pictures that are known to be bad."""
    return out / "known-bad" / camera


def free_port(seed: str) -> int:
    """One on which nobody listens just now. Raises OSError where there is none."""
    luck = random.Random(seed)
    for port in (luck.randrange(*PORTS) for _ in range(200)):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise OSError(f"no free port among {PORTS[0]} to {PORTS[1]}")


def _wanted(theirs: CameraSettings) -> tuple[int, int, float, float]:
    """Width, height, pictures per second and share of BAD ones, as their settings ask for or allow."""
    if theirs.source.startswith(PREFIX):
        wish = wish_in(theirs.source)
        return wish.width, wish.height, wish.fps, wish.bad
    kind = kind_of(theirs)
    if kind == GIGE:
        return SIDE, SIDE, FPS[kind], BAD_SHARE[kind]
    fps = theirs.fps or FPS[kind]
    width, height = theirs.width or SIZE[0], theirs.height or SIZE[1]
    if theirs.region is not None:
        width, height = max(width, theirs.region.x1), max(height, theirs.region.y1)
        height = max(height, -(-width // WIDEST))
    return width + width % 2, height + height % 2, fps, BAD_SHARE[kind]


def _spells(theirs: CameraSettings, fps: float) -> tuple[Spell, ...]:
    if kind_of(theirs) != WEB:
        return spells_of(theirs)
    start, stop = (max(1, round(s * fps)) for s in DAMAGED_S)
    return (Spell(DAMAGED, start, stop, round(DAMAGED_EVERY_S * fps)),)


def _wish(truth: CameraTruth, seed: int) -> str:
    size = f"{truth.width}x{truth.height}"
    spells = "".join(f"&spell={spell}" for spell in truth.spells)
    return f"seed={seed}&size={size}&fps={truth.fps:g}&bad={truth.bad_share:g}{spells}"


def _place(camera: CameraSettings, out: Path) -> Path:
    places = {RECORDING: ("films", ".mp4"), WATCHED: ("watched", "")}
    folder, suffix = places.get(kind_of(camera), ("control", ""))
    return out / folder / f"{camera.name}{suffix}"
