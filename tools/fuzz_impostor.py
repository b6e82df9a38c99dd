"""The sockets that ask and listen, told lies by a false server: a role alone, in whose line we took another's place.

A role that hears only garbage must go on asking, whatever it hears; also where the words are well-formed and absurd.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stream.messages import Lease, Recorded, Waiting
from stream.places import places_for
from stream.reporting import TAKES as CAPTURE_HEARS

from .fuzz_case import Order, Result
from .fuzz_doors import CAMERA, DISPLAY_HEARS, Door, forged, refused
from .fuzz_fired import FiredLine, UnwellError, faults_in, running, wait_for, write_line, write_recording
from .fuzz_mutation import draw
from .fuzz_zmtp import Impostor

AT_ONCE = 200


@dataclass(frozen=True)
class Lie:
    """A role, the socket at which we stand in for another, and what the role takes from it."""

    role: tuple[str, ...]
    door: Door
    kind: str  # of our socket
    speaks: bool = True  # the role goes on asking by itself


LIES = (
    Lie(("inspect",), Door(f"capture-{CAMERA}", (Waiting, Lease)), "ROUTER"),
    Lie(("inspect",), Door("record", (Recorded,)), "ROUTER"),
    Lie(("capture", "--camera", CAMERA), Door("record", CAPTURE_HEARS), "ROUTER"),
    Lie(("display",), Door("record-live", DISPLAY_HEARS), "PUB", speaks=False),
)


def fuzz_impostor(order: Order) -> Result:
    """Half of the messages are such as the role must refuse, half are well-formed and absurd."""
    result = Result("impostor")
    folder = Path(tempfile.mkdtemp(prefix="linewatch-fuzz-"))
    try:
        recording = write_recording(folder / "belt.mp4", 40)
        file = write_line(folder, recording, pace="fast", live=False)
        for lie in LIES:
            _tell(order, file, lie, result)
    finally:
        shutil.rmtree(places_for(folder / "data").folder, ignore_errors=True)
        shutil.rmtree(folder)
    return result


def _tell(order: Order, file: Path, lie: Lie, result: Result) -> None:
    folder = places_for(file.parent / "data").folder
    shutil.rmtree(folder)
    impostor = Impostor(places_for(file.parent / "data").folder / f"{lie.door.name}.sock", lie.kind)
    what = f"{lie.role[0]}, told lies at {lie.door.name}"
    try:
        with running(file, *lie.role) as role:
            impostor.meet()
            sent, seconds = _lie(order, lie, role, impostor)
            result.cases, result.seconds = result.cases + sent, result.seconds + seconds
            result.refused, result.read = result.refused + (sent + 1) // 2, result.read + sent // 2
            if role.stop() != 0:
                result.found("crash", f"{what}: exit code {role.process.returncode}")
            for fault in faults_in(role.words):
                result.found("crash", f"{what}: {fault}")
    except (UnwellError, OSError) as error:
        words = file.with_suffix(".words").read_text(errors="replace")
        result.found("crash", f"{what}: {error}; it said: {words[-2000:]}")
    finally:
        impostor.close()


def _lie(order: Order, lie: Lie, role: FiredLine, impostor: Impostor) -> tuple[int, float]:
    """How many messages were sent, and in how many seconds."""
    began_s, sent, chance = time.monotonic(), 0, draw("impostor", lie.role, lie.door.name, order.seed)
    share = Order(order.seed, order.count, None if order.seconds is None else order.seconds / len(LIES), order.out)
    while not share.over(sent, began_s):
        burst = min(AT_ONCE, (order.count or AT_ONCE + sent) - sent)
        made = (refused(chance, lie.door) if i % 2 else forged(chance, lie.door) for i in range(burst))
        if not impostor.send(b"".join(made)) or role.process.poll() is not None:
            raise UnwellError(f"it hung up after {sent} messages, exit code {role.process.poll()}")
        impostor.hear()
        sent += burst
    if lie.speaks:
        wait_for(impostor.hear, "another word of the role")
    return sent, time.monotonic() - began_s
