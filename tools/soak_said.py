"""What people said at the page of a soaked line, and what they were answered: DIR/acts.jsonl, one object a line.

    id · kind (review | pin | challenge) · subject (CAMERA/RUN/SEQ, of a challenge CAMERA) · new (what was said, JSON)
    answer: ok | refused | none (nobody knows whether it is on record) · text (the page's words) · mono_ns (by then)

What was answered `ok` is on disk, whoever is killed thereafter. One that had no answer may be said again by its id, and
one that had may be, too: it is on record once. Only the last line of an id counts.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

ACTS = "acts.jsonl"
OK, REFUSED, NONE = "ok", "refused", "none"
ANSWER_S = 3.0
UNKNOWN_YET = (500, 502, 503, 504)  # the page cannot say whether it is on record


class ActEntry(msgspec.Struct, frozen=True):
    """One thing that was said."""

    id: str
    kind: str
    subject: str
    new: str
    answer: str
    text: str
    mono_ns: int


@dataclass(frozen=True)
class PageCalls:
    """The page as a program calls it. Raises OSError where nobody answers, ValueError where it is no answer."""

    host: str
    port: int
    token: str = ""

    def get(self, path: str) -> Any:
        return json.loads(self._call(urllib.request.Request(self._address(path), headers=self._headers())))

    def post(self, path: str, body: object, act: str) -> tuple[str, str]:
        """The answer, as above, and its words."""
        headers = {"Content-Type": "application/json", "X-Linewatch-Act": act, **self._headers()}
        request = urllib.request.Request(self._address(path), json.dumps(body).encode(), headers, method="POST")
        try:
            said = json.loads(self._call(request))
        except urllib.error.HTTPError as error:
            return NONE if error.code in UNKNOWN_YET else REFUSED, f"{error.code} {error.read(200)!r}"
        except (OSError, ValueError) as error:
            return NONE, f"{type(error).__name__}: {error}"
        return (OK if said.get("ok") else REFUSED), str(said.get("text"))

    def _address(self, path: str) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _call(self, request: urllib.request.Request) -> bytes:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            content: bytes = answer.read()
            return content


class SaidFile:
    """Open for writing, by several threads."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / ACTS).open("ab", buffering=0)
        self._lock = threading.Lock()

    def note(self, act: str, kind: str, subject: str, new: object, answer: str, text: str) -> None:
        entry = ActEntry(act, kind, subject, json.dumps(new), answer, text, time.monotonic_ns())
        with self._lock:
            if not self._file.closed:
                self._file.write(msgspec.json.encode(entry) + b"\n")

    def close(self) -> None:
        with self._lock:
            self._file.close()
