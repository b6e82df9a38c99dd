"""What is done to a line by people and programs, in the words of the audit: which acts there are, what each says. Pure.

An act that says nothing sensible is refused in words, here as at the recorder's door: it is on record for ever, and a
year later nobody can ask what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from stream.messages import FRAMES_MAX, Act, Review

FRAME = re.compile(r"([A-Za-z0-9_-]{1,32})/([0-9]{1,19})/([0-9]{1,15})", re.ASCII)
ID_MAX = 200
SUBJECT_MAX = 1024
ANOTHER = "another act has this id; give each one of its own"
VALUE_MAX = 65_536  # of old and new: a region drawn by hand may have many corners
WITHDRAWN = "withdrawn"  # takes the review before it back: both stay on record, and the frame counts as not reviewed
OF_INCIDENTS = ("defect", "false_alarm", "unsure", WITHDRAWN)  # what may be said of a frame in an incident
OF_SAMPLES = ("missed", "clean", "unsure", WITHDRAWN)  # and of a GOOD frame that is kept


@dataclass(frozen=True)
class Subject:
    """A frame that an act is about."""

    camera: str
    run: int
    seq: int

    def __str__(self) -> str:
        return f"{self.camera}/{self.run}/{self.seq}"


def frame_of(subject: str) -> Subject | None:
    """The frame that a subject names as CAMERA/RUN/SEQ; None where it names none."""
    found = FRAME.fullmatch(subject)
    if found is None or int(found[2]) >= 2**63 or int(found[3]) > FRAMES_MAX:
        return None
    return Subject(found[1], int(found[2]), int(found[3]))


def review_of(act: Act) -> Review:
    """What a review says. Raises msgspec.DecodeError."""
    return msgspec.json.decode(act.new, type=Review)


def refusal_of(act: Act) -> str:
    """Why the act cannot be taken, in words; empty where it can."""
    check = KINDS.get(act.kind)
    if check is None:
        return f"kind: unknown, got {act.kind[:64]}; known here: {', '.join(sorted(KINDS))}"
    for name, text, most in _texts(act):
        if len(text) > most:
            return f"{name}: {len(text)} characters; {most} is the most"
        if not _encodable(text):
            return f"{name}: characters that cannot be written down; send plain Unicode text"
    if not act.id:
        return "id: empty; give each act one of its own"
    if not act.who.strip() or not act.who.isprintable():
        return f"who: 1 to 64 printable characters, got {act.who!r}"
    return check(act)


def same(one: Act, other: Act) -> bool:
    """Whether two acts of one id say the same; who says it again may say another time."""
    return all(getattr(one, word) == getattr(other, word) for word in ("who", "role", "kind", "subject", "new"))


def _texts(act: Act) -> tuple[tuple[str, str, int], ...]:
    return (
        ("id", act.id, ID_MAX),
        ("who", act.who, 64),
        ("subject", act.subject, SUBJECT_MAX),
        ("old", act.old, VALUE_MAX),
        ("new", act.new, VALUE_MAX),
    )


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _anything(_act: Act) -> str:
    return ""


def _a_frame(act: Act) -> str:
    return "" if frame_of(act.subject) else f"subject: a frame as CAMERA/RUN/SEQ, got {act.subject[:64]}"


def _a_review(act: Act) -> str:
    try:
        review_of(act)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"new: not a review: {error}"
    return _a_frame(act)


def _a_pin(act: Act) -> str:
    return _a_frame(act) if act.new in ("0", "1") else f"new: 1 to pin, 0 to let go, got {act.new[:64]}"


def _a_mark(act: Act) -> str:
    return _a_frame(act) if act.new in ("0", "1") else f"new: 1 for a known-bad part, 0 for none, got {act.new[:64]}"


KINDS: dict[str, Callable[[Act], str]] = {
    "review": _a_review,
    "pin": _a_pin,
    "known_bad": _a_mark,  # the mark of a challenge on an incident, taken off or put back
    "acknowledge": _anything,  # of an alarm
    "login": _anything,
    "logout": _anything,
    "refused": _anything,  # a call that somebody had no right to
    "setting": _anything,
    "bundle": _anything,
    "recipe": _anything,
    "promote": _anything,
    "challenge": _anything,
    "delete": _anything,  # by retention
    "export": _anything,
}
