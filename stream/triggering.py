"""What people and programs announce to the supervisor reaches the camera's capture, and its answer them.

Each announcement that the capture takes is a row of the log's table `parts`, with who made it; one that is refused is
an event. Knows the captures' sockets; owned by the supervisor's loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream.links import Link, Links
from stream.messages import PART_NAME, Answer, Command, Trigger, Triggered
from stream.places import Places
from stream.settings import LineSettings

ANSWER_S = 2.0  # a capture that says nothing for so long is not there
WAITING_MAX = 256  # announcements without an answer; past it none is passed on


@dataclass(frozen=True)
class Waiting:
    """Somebody waits for an answer."""

    asker: bytes
    command: Command
    until_s: float


class Triggering:
    """Announcements on their way to captures."""

    def __init__(self, line: LineSettings, places: Places, links: Links) -> None:
        self._told = {camera.name: camera.parts.told for camera in line.cameras}
        self._places = places
        self._links = links
        self._captures: dict[str, Link] = {}  # opened when first needed
        self._waiting: dict[int, Waiting] = {}
        self._serial = 0

    def pass_on(self, asker: bytes, command: Command, now_s: float) -> Answer | None:
        """Towards the capture; an answer where it cannot go there."""
        refused = self._refused(command)
        if refused is None:
            self._serial += 1
            who = command.who if PART_NAME.fullmatch(command.who) else "control"
            sent = self._capture(command.camera).send(Trigger(command.camera, command.part, who, self._serial))
            if sent:
                self._waiting[self._serial] = Waiting(asker, command, now_s + ANSWER_S)
                return None
            refused = f"the capture of {command.camera} is not there"
        return Answer(False, refused, serial=command.serial)

    def answers(self, now_s: float) -> Iterator[tuple[bytes, Command, Answer]]:
        """What has come back, or has not in time: to whom, on which command."""
        for link in self._captures.values():
            for _, message in link.receive():
                if isinstance(message, Triggered) and (waiting := self._waiting.pop(message.serial, None)):
                    text = message.text or "taken"
                    yield waiting.asker, waiting.command, Answer(message.ok, text, serial=waiting.command.serial)
        for serial, waiting in list(self._waiting.items()):
            if now_s < waiting.until_s:
                break  # they stand in the order in which they came
            del self._waiting[serial]
            said = f"the capture of {waiting.command.camera} has not answered within {ANSWER_S:g} s"
            yield waiting.asker, waiting.command, Answer(False, said, serial=waiting.command.serial)

    def _refused(self, command: Command) -> str | None:
        known = ", ".join(name for name, told in self._told.items() if told)
        if command.camera not in self._told:
            return f"no camera {command.camera or '(no name)'}; those that are told of parts: {known or 'none'}"
        if not self._told[command.camera]:
            return f"camera {command.camera} is told of no parts; set cameras.{command.camera}.parts.told_by: control"
        if len(self._waiting) >= WAITING_MAX:
            return f"{WAITING_MAX} announcements wait for an answer; this one is not passed on"
        return None

    def _capture(self, camera: str) -> Link:
        if camera not in self._captures:
            address = self._places.socket(f"capture-{camera}")
            self._captures[camera] = self._links.ask(address, "supervise", (Triggered,))
        return self._captures[camera]
