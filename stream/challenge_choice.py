"""Which stored picture a challenge shows, and where its defect lies: looked up once, by a thread of its own.

The pictures may lie on a share that is stale or hangs, and the recorder has to beat. What was found stays with the
challenge: a file that is added meanwhile changes nothing. Knows files; no book, no socket.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from stream.challenge import Begun
from stream.challenge_pictures import file_of, mask_of, names_of
from stream.challenge_verdicts import Box


@dataclass(frozen=True)
class Choice:
    """What a challenge shows."""

    name: str = ""
    box: Box | None = None  # around what its mask has white; None: no mask lies beside it
    wrong: str = ""  # why there is no picture, in words; empty: there is one


NOTHING_SET = Choice(wrong="no picture is stored")


class Choosing:
    """The choices of all open challenges; `of` never waits."""

    def __init__(self) -> None:
        self._looks: dict[str, _Look] = {}  # by the id of the act that began it
        self._last: dict[str, _Look] = {}  # by camera: as long as one hangs, no further thread is begun

    def of(self, begun: Begun, pictures: Path | None, name: str = "") -> Choice | None:
        """What was chosen; None: not known yet. `name`: of the picture that was shown, where capture has said it."""
        if pictures is None:
            return NOTHING_SET
        look = self._looks.get(begun.id)
        if look is None or (look.found is not None and name not in ("", look.found.name)):
            look = self._looks[begun.id] = self._begin(begun, pictures, name)
        return look.found

    def name_of(self, begun: Begun) -> str:
        """The picture that was chosen; empty where none is, or not yet."""
        look = self._looks.get(begun.id)
        return look.found.name if look is not None and look.found is not None else ""

    def forget(self, begun: Begun) -> None:
        """It has ended."""
        self._looks.pop(begun.id, None)

    def _begin(self, begun: Begun, pictures: Path, name: str) -> _Look:
        last = self._last.get(begun.camera)
        if last is not None and last.found is None:
            return _Look(Choice(name, wrong=f"{pictures} has not answered since the challenge before"))
        look = self._last[begun.camera] = _Look()
        threading.Thread(target=look.at, args=(pictures, begun.run, name), name="challenge", daemon=True).start()
        return look


@dataclass
class _Look:
    found: Choice | None = None

    def at(self, pictures: Path, run: int, name: str) -> None:
        """The thread's work."""
        try:
            self.found = _chosen(pictures, run, name)
        except OSError as error:
            self.found = Choice(name, wrong=f"the stored pictures cannot be read: {error}")


def _chosen(pictures: Path, run: int, name: str) -> Choice:
    """One of those that are stored: the same for whoever asks, a killed recorder's successor too. Raises OSError."""
    names = (name,) if name else names_of(pictures)
    if not names:
        return Choice(wrong=f"no picture lies in {pictures}")
    chosen = names[run % len(names)]
    mask = mask_of(file_of(pictures, chosen))
    return Choice(chosen, None if mask is None else import_module("stream.challenge_mask").box_of(mask))
