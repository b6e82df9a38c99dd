"""What stands around a line under soak: web servers, a broker, a GigE camera, and whoever fills its watched folders."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from .soak_announced import TOLD, heard_at_ns
from .soak_cameras import GIGE, WATCHED, WEB, SoakCamera
from .soak_feeder import Feeder
from .soak_gige import command
from .soak_line import SoakLine
from .soak_outside import Outside
from .soak_said import SaidFile
from .soak_truth import DROPS

PACES_S = {True: 0.5, False: 4.0}  # from one part to the next: of a camera that takes a picture of each, and of others


def web_camera(camera: SoakCamera, seed: int) -> Outside:
    """The web server of a camera."""
    words = ("--port", str(camera.port), "--name", camera.truth.name, "--wish", camera.wish(seed))
    return Outside([sys.executable, "-m", "tools.soak_web_camera", *words])


def broker(soaked: SoakLine) -> Outside | None:
    """Who announces parts; None where no camera hears a broker."""
    heard = [camera for camera in soaked.cameras if camera.truth.heard]
    if not heard:
        return None
    words = ["--port", str(heard[0].settings.parts.mqtt.port), "--seed", str(soaked.seed), "--out", str(soaked.out)]
    for camera in heard:
        words += ["--camera", f"{camera.truth.name}={PACES_S[camera.truth.ordered]}"]
    return Outside([sys.executable, "-m", "tools.soak_broker", *words])


class Surroundings:
    """All of it, by the cameras' names."""

    def __init__(self, soaked: SoakLine) -> None:
        self.web = {c.truth.name: web_camera(c, soaked.seed) for c in soaked.cameras if c.truth.kind == WEB}
        self.gige = {c.truth.name: Outside(command()) for c in soaked.cameras if c.truth.kind == GIGE}
        self.broker = broker(soaked)
        self._told = soaked.out / TOLD
        self._heard = [camera.truth.name for camera in soaked.cameras if camera.truth.heard]
        self._finished_ns = 0
        self.said = SaidFile(soaked.out)
        drops, line = soaked.out / DROPS, soaked.line
        self.folders = {
            c.truth.name: Feeder(c.truth, c.source, soaked.seed, soaked.minutes, drops, line.data_dir)
            for c in soaked.cameras
            if c.truth.kind == WATCHED
        }

    def step(self, now_s: float) -> None:
        """What is due by now."""
        for feeder in self.folders.values():
            feeder.step(now_s)

    def finish(self) -> None:
        """What is half written is written to its end; nothing further comes. Parts are announced all the same."""
        self._finished_ns = time.monotonic_ns()
        for feeder in self.folders.values():
            feeder.finish()

    @property
    def outside(self) -> tuple[Outside, ...]:
        """Every process that stands there."""
        return (*self.web.values(), *self.gige.values(), *((self.broker,) if self.broker is not None else ()))

    @property
    def taken(self) -> bool:
        """Whether the line has taken every picture that was put into its folders, and hears its broker again."""
        return all(feeder.taken for feeder in self.folders.values()) and self._is_heard()

    def _is_heard(self) -> bool:
        """Whether each camera that is told of parts has acknowledged one since all faults are over."""
        heard_ns = heard_at_ns(self._told) if self._heard else {}
        return all(heard_ns.get(name, 0) > self._finished_ns for name in self._heard)


@contextlib.contextmanager
def surroundings(soaked: SoakLine) -> Iterator[Surroundings]:
    """As a context: the servers run in it."""
    around = Surroundings(soaked)
    try:
        for one in around.outside:
            one.start()
        yield around
    finally:
        for one in around.outside:
            one.kill()
        for feeder in around.folders.values():
            feeder.close()
        around.said.close()
