"""Faults of what stands around a line: web and GigE cameras, brokers, watched folders; and what people ask of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket

from stream.asking import swap_timeout_s
from stream.messages import Command

from .soak_asking import Asking
from .soak_gige import ports_of
from .soak_outside import Outside
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned

ANSWER_S = 4.0  # longer than the supervisor waits for a capture
NO_RECIPE = "none"
DOWN = "it was down just then"
PACKETS = 200


def kill_web(scene: Scene, planned: Planned) -> Begun:
    """SIGKILL of a camera's web server; later it is started again."""
    return _killed(scene, scene.surroundings.web[planned.target], planned.target)


def freeze_web(scene: Scene, planned: Planned) -> Begun:
    """SIGSTOP of it, and SIGCONT: connections stay, and nothing comes."""
    return _frozen(scene, scene.surroundings.web[planned.target], planned.target)


def kill_gige(scene: Scene, planned: Planned) -> Begun:
    """A GigE camera loses its power for a while."""
    return _killed(scene, scene.surroundings.gige[planned.target], planned.target)


def freeze_gige(scene: Scene, planned: Planned) -> Begun:
    """It answers nothing for a while, and then all that it was asked meanwhile."""
    return _frozen(scene, scene.surroundings.gige[planned.target], planned.target)


def throw_packets(scene: Scene, planned: Planned) -> Begun:
    """Noise to every UDP port on which the capture of a GigE camera hears: pictures and answers that are none."""
    pid = scene.house.role(f"capture {planned.target}")
    if pid == 0:
        return Begun(False, DOWN)
    ports, draw = ports_of(pid), luck_of(planned)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thrown:
        for _ in range(PACKETS):
            for port in ports:
                with contextlib.suppress(OSError):
                    thrown.sendto(draw.randbytes(draw.randrange(1, 1400)), ("127.0.0.1", port))
    return Begun(True, f"{PACKETS} to each of {len(ports)} ports", pid)


def kill_broker(scene: Scene, _planned: Planned) -> Begun:
    """SIGKILL of the broker; later it is started again."""
    return _killed(scene, scene.surroundings.broker)


def freeze_broker(scene: Scene, _planned: Planned) -> Begun:
    """SIGSTOP of it, and SIGCONT: whoever hears it finds that out by its silence."""
    return _frozen(scene, scene.surroundings.broker)


def make_noise(scene: Scene, _planned: Planned) -> Begun:
    """It says to everybody what is no MQTT."""
    broker = scene.surroundings.broker
    if broker is None or not (pid := broker.pid):
        return Begun(False, DOWN)
    broker.send(signal.SIGUSR1)
    return Begun(True, pid=pid)


def _killed(scene: Scene, outside: Outside | None, camera: str = "") -> Begun:
    """`camera`: the one that gives no pictures meanwhile."""
    if outside is None or not (pid := outside.pid):
        return Begun(False, DOWN)
    outside.kill()
    scene.recoveries.away.add(camera)

    def end() -> str:
        outside.start()
        scene.recoveries.away.discard(camera)
        return "it is started again"

    return Begun(True, pid=pid, end=end)


def _frozen(scene: Scene, outside: Outside | None, camera: str = "") -> Begun:
    if outside is None or not (pid := outside.pid):
        return Begun(False, DOWN)
    outside.send(signal.SIGSTOP)
    scene.recoveries.away.add(camera)

    def end() -> str:
        scene.recoveries.away.discard(camera)
        if outside.pid != pid:
            return "it was killed meanwhile"
        outside.send(signal.SIGCONT)
        return "it went on"

    return Begun(True, pid=pid, end=end)


def take_folder_away(scene: Scene, planned: Planned) -> Begun:
    """The folder has another name for a while, as a share that is gone."""
    feeder = scene.surroundings.folders[planned.target]
    if not feeder.take_away():
        return Begun(False, "it was away just then")
    scene.recoveries.away.add(planned.target)

    def end() -> str:
        feeder.bring_back()
        scene.recoveries.away.discard(planned.target)
        return "it is there again"

    return Begun(True, end=end)


def announce_part(scene: Scene, planned: Planned) -> Begun:
    """A part is announced over the control socket; its name is new."""
    part = f"soak-{planned.id}"
    command = Command("trigger", _who(), planned.target, part)
    asking = Asking(scene.places, command, ANSWER_S)
    return Begun(True, part, end=asking.answer)


def switch_recipe(scene: Scene, planned: Planned) -> Begun:
    """Another recipe, or none, is chosen over the control socket."""
    recipe = luck_of(planned).choice((planned.target, planned.target, NO_RECIPE))
    care = scene.soaked.line.supervisor
    command = Command("recipe", _who(), recipe=recipe)
    asking = Asking(scene.places, command, swap_timeout_s(care.starting_s, care.stop_s))
    return Begun(True, recipe, end=asking.answer)


def _who() -> str:
    return f"user {os.getuid()}, process {os.getpid()}"
