"""What people say at the page while the line is hurt: reviews, comments, pins, challenges. Each has an id of its own.

Not a fault of the line: its invariant is that what was answered `ok` is on record, once, and what is pinned stays.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Mapping

from .soak_said import NONE, PageCalls
from .soak_scene import Begun, Scene, luck_of
from .soak_schedule import Planned
from .soak_socket_faults import page_address

TRIES = 3  # of what had no answer; by the same id
TWICE = 0.3  # of what had one is said again all the same
NEWEST = 40  # frames of the list that are thought of
COMMENT = "soak <b>&amp;</b> 'x' \u00fc \u2028 #"
Talk = Callable[["Speaker"], None]


def review_incident(scene: Scene, planned: Planned) -> Begun:
    """A verdict with a comment on one incident, a pin on another."""

    def talk(speaker: Speaker) -> None:
        frames = speaker.frames("incidents")
        if frames:
            verdict = speaker.luck.choice(("defect", "false_alarm", "unsure"))
            speaker.review("incidents", speaker.luck.choice(frames), verdict)
            speaker.pin("incidents", speaker.luck.choice(frames))

    return _said(scene, planned, talk)


def review_sample(scene: Scene, planned: Planned) -> Begun:
    """A verdict on one sample, a pin on another; both must outlive retention."""

    def talk(speaker: Speaker) -> None:
        frames = speaker.frames("samples")
        if frames:
            speaker.review("samples", speaker.luck.choice(frames), speaker.luck.choice(("clean", "unsure")))
            speaker.pin("samples", speaker.luck.choice(frames))

    return _said(scene, planned, talk)


def challenge(scene: Scene, planned: Planned) -> Begun:
    """A stored picture that is known to be bad is sent through the camera's line."""
    path, wish = f"/api/challenge/{planned.target}", {"what": "picture"}
    return _said(scene, planned, lambda speaker: speaker.say("challenge", planned.target, path, wish))


class Speaker:
    """One person at the page, for the length of one entry of the schedule."""

    def __init__(self, scene: Scene, planned: Planned, calls: PageCalls) -> None:
        self.luck: random.Random = luck_of(planned)
        self.answers: list[str] = []
        self._scene, self._planned, self._calls = scene, planned, calls

    def frames(self, place: str) -> list[str]:
        """The newest that the page lists, as CAMERA/RUN/SEQ."""
        try:
            rows = self._calls.get(f"/api/{place}?limit={NEWEST}")[place]
        except (OSError, ValueError, KeyError) as error:
            self.answers.append(f"the page does not answer: {error}")
            return []
        return [f"{row['camera']}/{row['run']}/{row.get('first_seq', row.get('seq'))}" for row in rows]

    def review(self, place: str, frame: str, verdict: str) -> None:
        said = {"verdict": verdict, "comment": f"{COMMENT}{self._planned.id}"}
        self.say("review", frame, f"/api/{place}/{frame}/review", said)

    def pin(self, place: str, frame: str) -> None:
        self.say("pin", frame, f"/api/{place}/{frame}/pin", {"pinned": True})

    def say(self, kind: str, subject: str, path: str, body: Mapping[str, object]) -> None:
        """Until there is an answer, or patience ends; now and then once more after it."""
        words = f"{self._scene.soaked.seed}|{self._planned.id}|{len(self.answers)}"
        act = hashlib.sha256(words.encode()).hexdigest()[:32]
        again = self.luck.random() < TWICE
        for _ in range(TRIES):
            answer, text = self._calls.post(path, body, act)
            self._scene.surroundings.said.note(act, kind, subject, body, answer, text)
            if answer != NONE and not again:
                break
            again = again and answer == NONE
        self.answers.append(f"{kind} {subject}: {answer}, {text}")


def _said(scene: Scene, planned: Planned, talk: Talk) -> Begun:
    address = page_address(scene)
    if address is None:
        return Begun(False, "the page has no address yet")
    file = scene.soaked.line.display.token_file
    token = file.read_text().splitlines()[0].strip() if file is not None else ""
    speaker = Speaker(scene, planned, PageCalls(*address, token))
    thread = threading.Thread(target=talk, args=(speaker,), daemon=True)
    thread.start()

    def end() -> str:
        thread.join(0.0)
        return "; ".join(speaker.answers) or "nothing was there to be spoken of, or no answer yet"

    return Begun(True, end=end)
