"""The supervisor: starts the roles, restarts what dies or hangs, stops them in order, answers on the control socket.

It touches no frame. What people see of it at a terminal is progress.py, what they read at the end summary.py. Which
roles there are stands in lineup.py, how each is cared for in crew.py, how another bundle or recipe takes over in
changing.py.
"""

from __future__ import annotations

import socket
import time

import msgspec

from stream.bundle_change import BundleChange
from stream.care import Patience, looping
from stream.changing import Changing
from stream.children import Child, Renewal
from stream.claim import Claim
from stream.clips_cameras import ROLE as CLIPS
from stream.clips_places import clipped
from stream.configuration import dump_line
from stream.crew import LOOK_EVERY_S, Crew
from stream.heart import Heart
from stream.lineup import WINDOW, tasks_of
from stream.links import Link, Links
from stream.messages import Answer, CameraStatus, ClipsStatus, Command, Event, HouseStatus, LineStatus
from stream.places import Places
from stream.recipe_desk import Wish
from stream.refusing import REFUSED
from stream.settings import LineSettings
from stream.standby import Standby
from stream.sweep import sweep_sockets
from stream.telling import too_long
from stream.triggering import Triggering

STATUS_EVERY_S = 0.25
KNOWN = "status, stop, trigger, recipe, promote"  # commands
END_S = 0.1  # for each process that is stopped, to end: all of them share the processors


class Supervisor:
    """The processes of one line. Use as a context: none of them outlives it."""

    def __init__(self, line: LineSettings, places: Places, session: str, listening: socket.socket | None) -> None:
        """Raises BusyError where this line runs already, what BundleChange raises where nothing may judge."""
        self._line = line
        self._bundle = BundleChange(line, places, session)
        self._places = places
        self._session = session
        self._claim = Claim(places.lock("supervise"), f"the line of {line.data_dir}")
        self._links = Links(places.far)
        self._control: Link = self._links.serve(places.socket("control"), (Command,))
        self._house: Link = self._links.publish(places.socket("house-live"))
        captures = [places.socket(f"capture-{camera.name}-live") for camera in line.cameras]
        heard = (CameraStatus, LineStatus, ClipsStatus)
        others = [places.socket(name) for name in ("record-live", *((f"{CLIPS}-live",) if clipped(line) else ()))]
        self._listening: Link = self._links.listen([*captures, *others], heard)
        self._recorder: Link = self._links.ask(places.socket("record"), "supervise")
        self._triggering = Triggering(line, places, self._links)
        self._status_at = 0.0
        self._garbage = 0
        self.cameras: dict[str, CameraStatus] = {}
        self.recorded: LineStatus | None = None
        self._clips: ClipsStatus | None = None
        self.stop_asked = False
        self._complete = False  # those that judge have come up, none is being stopped
        care, settings = line.supervisor, dump_line(line)
        patience = Patience(care.starting_s, care.silent_after_s)
        tasks = tasks_of(line, session, -1 if listening is None else listening.fileno())
        children = [
            Child(task, self._bundle.settings if task.name.startswith("capture ") else settings, places, patience)
            for task in tasks
        ]
        standby = Standby(places, () if listening is None else (listening.fileno(),))
        self._crew = Crew(standby, self._links)
        self._crew.take_in((*children, *self._bundle.first()))
        self._changing = Changing(line, self._bundle, self._crew, self._tell, self._reply)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()
        self._bundle.close()
        self._links.close()
        sweep_sockets(self._places.folder)  # also those of roles that were killed
        self._claim.close()

    def start(self, heart: Heart) -> str | None:
        """Starts recorder, display and inspectors; when those can judge, the captures come up in the turns that follow.

        Returns None, or why the line must not run.
        """
        if said := too_long([child.settings for child in self._crew]):
            return said
        captures = self._crew.named("capture")
        beside = [child for role in (CLIPS, WINDOW) for child in self._crew.named(role)]
        first = [child for child in self._crew if child not in (*captures, *beside)]
        for child in (*first, *beside):  # the line waits for no clips and no window
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
        self._complete = True
        return None

    def step(self) -> None:
        """One turn: waits a moment, or until one dies; notices deaths and silences, and acts on them."""
        self._crew.watch()
        until_s, died = time.monotonic() + LOOK_EVERY_S, set[int]()
        # Each of many captures speaks several times a second: to look at all children for each word would cost a core.
        while not died and (left_s := until_s - time.monotonic()) > 0:
            died = self._links.wait(left_s)
            self._crew.turn()
            self._hear()
        self._look()

    def _hear(self) -> None:
        """What the roles say of themselves, and what people wish."""
        for _, message in self._listening.receive():
            if isinstance(message, CameraStatus):
                self.cameras[message.camera] = message
            elif isinstance(message, LineStatus):
                self.recorded = message
            elif isinstance(message, ClipsStatus):
                self._clips = message
        for sender, command in self._control.receive():
            if isinstance(command, Command):
                self._answer(sender, command)
        for sender, command, answer in self._triggering.answers(time.monotonic()):
            self._answer_trigger(sender, command, answer)

    def _look(self) -> None:
        """At every child, and at what goes with them."""
        dead = self._crew.dead()
        self._changing.step(complete=self._complete)
        for child in self._crew:
            if child in dead and child.wanted:
                self._tell("restart", f"{child.task.name} died or hung, and is started again")
            if child.renewal is not Renewal.NONE:
                self.cameras.pop(child.task.name.removeprefix("capture "), None)  # it has settled, and comes back
        self._crew.care(complete=self._complete)
        if time.monotonic() >= self._status_at:
            self._status_at = time.monotonic() + STATUS_EVERY_S
            self._mind_garbage()
            self._house.send(self.house())
            for said in self._links.refused():
                self._tell("refused", said)

    def house(self) -> HouseStatus:
        """How the processes are."""
        alarms = self._crew.alarms
        if self._changing.alarm:
            alarms.append(self._changing.alarm)
        alarms += self._clips.alarms if self._clips is not None else ()
        roles = tuple(child.status() for child in self._crew)
        return HouseStatus(roles, tuple(alarms), self._session, self._bundle.recipe)

    @property
    def ended(self) -> bool:
        """Whether every camera has come to its end and all of it is on record."""
        names = [camera.name for camera in self._line.cameras]
        return not self._crew.renewing and all(name in self.cameras and self.cameras[name].settled for name in names)

    def stop(self) -> None:
        """In order: captures stop taking pictures and wait for their verdicts, then the others. None is left."""
        self._complete = False
        self._crew.end_spare()
        self._bundle.abandon("the line stops")
        for phase in (("capture",), ("inspect", WINDOW, "display"), ("record",), (CLIPS,)):
            children = [child for role in phase for child in self._crew.named(role)]
            self._crew.tell_to_stop(children)
            until = time.monotonic() + self._line.supervisor.stop_s + 1.0 + END_S * len(children)
            while any(child.process is not None for child in children) and time.monotonic() < until:
                self.step()
            self._crew.kill(children)

    def _answer(self, sender: bytes, command: Command) -> None:
        """A person's wish; every one is on record."""
        if command.name == "trigger":
            refused = self._triggering.pass_on(sender, command, time.monotonic())
            if refused is not None:
                self._answer_trigger(sender, command, refused)
            return
        wished = f"{command.name} {command.recipe}".rstrip()
        self._tell("control", f"{wished} asked by {command.who}")
        if command.name == "stop":
            self.stop_asked = True
            answer = Answer(True, "the line stops", self.house())
        elif command.name == "status":
            answer = Answer(True, "the line runs", self.house(), cameras=tuple(self.cameras.values()))
        elif command.name == "promote":
            begun = self._changing.promote(sender, complete=self._complete)
            if begun is None:
                return  # answered when it is over
            answer = begun
        elif command.name == "recipe":
            wish = Wish(command.recipe, command.who, self._bundle.recipe, sender, command.serial)
            refused_or_done = self._changing.take_recipe(wish, complete=self._complete)
            if refused_or_done is None:
                return
            answer = msgspec.structs.replace(refused_or_done, serial=command.serial)
        else:
            answer = Answer(False, f"unknown command {command.name}; known here: {KNOWN}")
        self._control.send(answer, to=sender)

    def _answer_trigger(self, sender: bytes, command: Command, answer: Answer) -> None:
        """One that is taken stands in the log's table of parts; what is refused is an event."""
        if not answer.ok:
            part = command.part or "(no name)"
            self._tell("control", f"trigger {command.camera}, part {part}, asked by {command.who}: {answer.text}")
        self._control.send(answer, to=sender)

    def _mind_garbage(self) -> None:
        """Messages that were none of ours are dropped, counted, and on record."""
        if (count := self._control.garbage + self._listening.garbage) > self._garbage:
            self._garbage = count
            said = f"{count} messages so far to the supervisor were none of this line's; they were dropped"
            self._tell("garbage", said)

    def _reply(self, asker: bytes, ok: bool, text: str, serial: int) -> None:
        self._control.send(Answer(ok, text, self.house(), serial), to=asker)

    def _tell(self, kind: str, text: str) -> None:
        self._recorder.send(Event("", 0, kind, text, time.time_ns()))
