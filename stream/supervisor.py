"""The supervisor: starts the roles, restarts what dies or hangs, stops them in order, answers on the control socket.

It touches no frame. What people see of it at a terminal is progress.py, what they read at the end summary.py. Which
roles there are stands in lineup.py, how inspectors with a new bundle take over in bundle_change.py.
"""

from __future__ import annotations

import logging
import signal
import socket
import time

from stream.bundle_change import BundleChange
from stream.care import Patience, looping
from stream.children import REFUSED, Child, readable_descriptors
from stream.configuration import dump_line
from stream.heart import Heart
from stream.lineup import tasks_of
from stream.links import Claim, Link, Links
from stream.messages import Answer, CameraStatus, Command, Event, HouseStatus, LineStatus
from stream.places import Places
from stream.settings import LineSettings

log = logging.getLogger("linewatch")
STATUS_EVERY_S = 0.25
LOOK_EVERY_S = 0.1


class Supervisor:
    """The processes of one line. Use as a context: none of them outlives it."""

    def __init__(self, line: LineSettings, places: Places, session: str, listening: socket.socket | None) -> None:
        """Raises BusyError where this line runs already, LiveBundleError where nothing is promoted for it."""
        self._line = line
        self._bundle = BundleChange(line, places, session)
        self._places = places
        self._claim = Claim(places.lock("supervise"), f"the line of {line.data_dir}")
        self._links = Links()
        self._control: Link = self._links.serve(places.socket("control"))
        self._house: Link = self._links.publish(places.socket("house-live"))
        captures = [places.socket(f"capture-{camera.name}-live") for camera in line.cameras]
        self._listening: Link = self._links.listen([*captures, places.socket("record-live")])
        self._recorder: Link = self._links.ask(places.socket("record"), "supervise")
        self._watched: set[int] = set()
        self._status_at = 0.0
        self.cameras: dict[str, CameraStatus] = {}
        self.recorded: LineStatus | None = None
        self.stop_asked = False
        self._bundle_asker = b""
        self._complete = False  # every role has been started, none is being stopped
        care, settings = line.supervisor, dump_line(line)
        patience = Patience(care.starting_s, care.silent_after_s)
        tasks = tasks_of(line, session, -1 if listening is None else listening.fileno())
        children = [Child(task, settings, places, patience) for task in tasks]
        self._children = {child.task.name: child for child in (*children, *self._bundle.first())}

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.wanted = False
            child.signal(signal.SIGKILL)
        for child in self._children.values():
            child.bury()
        self._bundle.close()
        self._links.close()
        self._claim.close()

    def start(self, heart: Heart) -> str | None:
        """Starts recorder, display and inspectors, then, when those can judge, the captures.

        Returns None, or why the line must not run.
        """
        captures = self._named("capture")
        first = [child for child in self._children.values() if child not in captures]
        for child in first:
            child.start()
        while not all(child.beaten for child in first):
            self.step()
            refused = [child for child in first if child.exit_code == REFUSED]
            hopeless = [child for child in first if looping(child.early_deaths)]
            if hopeless and not refused:
                return f"{hopeless[0].task.name} does not come up; its reason stands above"
            if refused:
                return f"{refused[0].task.name} refused to work; its reason stands above"
            if not heart.beat() or self.stop_asked:
                return "stopped before it began"
        for child in captures:
            child.start()
        self._complete = True
        return None

    def step(self) -> None:
        """One turn: waits a moment, notices deaths and silences, and acts on them."""
        self._watch()
        self._links.wait(LOOK_EVERY_S)
        for _, message in self._listening.receive():
            if isinstance(message, CameraStatus):
                self.cameras[message.camera] = message
            elif isinstance(message, LineStatus):
                self.recorded = message
        for sender, command in self._control.receive():
            if isinstance(command, Command):
                self._answer(sender, command)
        dead = [child for child in self._children.values() if child.process is not None and child.look()]
        self._mind_bundle()
        for child in self._children.values():
            if child in dead and child.wanted:
                self._tell("restart", f"{child.task.name} died or hung, and is started again")
            if child.restarts >= 0:
                child.care()
        if time.monotonic() >= self._status_at:
            self._status_at = time.monotonic() + STATUS_EVERY_S
            self._house.send(self.house())

    def house(self) -> HouseStatus:
        """How the processes are."""
        children = self._children.values()
        alarms = [
            f"{c.task.name} does not come up: it died {c.early_deaths} times before it worked"
            for c in children
            if c.wanted and looping(c.early_deaths)
        ]
        return HouseStatus(tuple(child.status() for child in children), tuple(alarms))

    @property
    def ended(self) -> bool:
        """Whether every camera has come to its end and all of it is on record."""
        names = [camera.name for camera in self._line.cameras]
        return all(name in self.cameras and self.cameras[name].settled for name in names)

    def stop(self) -> None:
        """In order: captures stop taking pictures and wait for their verdicts, then the others. None is left."""
        self._complete = False
        self._bundle.abandon("the line stops")
        for phase in (("capture",), ("inspect", "display"), ("record",)):
            children = [child for role in phase for child in self._named(role)]
            for child in children:
                child.wanted = False
                child.signal(signal.SIGTERM)
                child.signal(signal.SIGCONT)
            until = time.monotonic() + self._line.supervisor.stop_s + 1.0
            while any(child.process is not None for child in children) and time.monotonic() < until:
                self.step()
            for child in children:
                if child.process is not None:
                    log.warning("%s did not stop in time and is killed", child.task.name)
                    child.signal(signal.SIGKILL)
                    child.bury()

    def _named(self, role: str) -> list[Child]:
        return [child for name, child in self._children.items() if name.split(" ")[0] == role]

    def _watch(self) -> None:
        """Waits on exactly the processes that run."""
        now = readable_descriptors(list(self._children.values()))
        for gone in self._watched - now:
            self._links.unwatch(gone)
        for new in now - self._watched:
            self._links.watch(new)
        self._watched = now

    def _answer(self, sender: bytes, command: Command) -> None:
        """A person's wish; every one is on record."""
        self._tell("control", f"{command.name} asked by {command.who}")
        if command.name == "stop":
            self.stop_asked = True
            answer = Answer(True, "the line stops", self.house())
        elif command.name == "status":
            answer = Answer(True, "the line runs", self.house())
        elif command.name == "promote":
            begun = self._begin_change()
            if begun is None:
                self._bundle_asker = sender  # answered when it is over
                return
            answer = begun
        else:
            answer = Answer(False, f"unknown command {command.name}; known here: status, stop, promote")
        self._control.send(answer, to=sender)

    def _begin_change(self) -> Answer | None:
        """Inspectors with the bundle that is live now are to take over; an answer where that need not or cannot be."""
        if not self._complete:
            return Answer(False, "the line is starting or stopping; ask again when it runs")
        begun = self._bundle.begin(self._named("inspect"), time.monotonic())
        if isinstance(begun, Answer):
            return begun
        self._children |= {child.task.name: child for child in begun}
        return None

    def _mind_bundle(self) -> None:
        """A change of bundle goes on by a turn; once it is over, its asker hears how it came out."""
        swapped = self._bundle.step(time.monotonic())
        if swapped is None:
            return
        for child in swapped.gone:
            del self._children[child.task.name]
        self._tell("promote", swapped.text)
        log.info("%s", swapped.text)
        self._control.send(Answer(swapped.ok, swapped.text, self.house()), to=self._bundle_asker)

    def _tell(self, kind: str, text: str) -> None:
        self._recorder.send(Event("", 0, kind, text, time.time_ns()))
