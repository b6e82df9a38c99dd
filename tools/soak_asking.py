"""A question to the running line, in a thread: its answer may take as long as inspectors load."""

from __future__ import annotations

import threading

from stream.asking import say
from stream.messages import Command
from stream.places import Places

DONE, NOT_DONE, NOBODY = "done", "not done", "nobody answered"


class Asking:
    """`answer` is in words that begin with one of the above, or say that there is none yet."""

    def __init__(self, places: Places, command: Command, patience_s: float) -> None:
        self._said = "no answer yet"
        self._thread = threading.Thread(target=self._ask, args=(places, command, patience_s), daemon=True)
        self._thread.start()

    def answer(self, wait_s: float = 0.0) -> str:
        self._thread.join(wait_s)
        return self._said

    def _ask(self, places: Places, command: Command, patience_s: float) -> None:
        answer = say(places, command, patience_s)
        self._said = NOBODY if answer is None else f"{DONE if answer.ok else NOT_DONE}: {answer.text}"
