"""A headless Chromium, driven through its DevTools pipe: no port, no further dependency.

with launched(chromium_path(), folder) as chromium:
    page = chromium.open("http://127.0.0.1:8080/")
    page.until("document.title === 'GOOD · Linewatch'")
    page.evaluate("document.title"); page.press("Escape"); page.screenshot(path)
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",  # Chromium listens on descriptor 3 and answers on 4
]
AS_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
ANSWER_S = 120.0  # for what takes a second here
KEYS = {"Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "1": 49, "2": 50, "3": 51}
KEYS |= {"Tab": 9, "Enter": 13, " ": 32, "0": 48, "+": 187, "-": 189, "?": 191}
KEYS |= {key: ord(key) - 32 for key in "abdijklrsw"}


# What Chromium says where the page that was asked gave way to the next one.
GONE = (
    *("Inspected target navigated or closed", "Execution context was destroyed", "Promise was collected"),
    *("Cannot find context", "Cannot find default execution context"),
)
DOCUMENT = "performance.timeOrigin"  # when a document began, to the microsecond: none is another's


class PageGone(AssertionError):
    """The page led on to another before it answered."""


class ScriptError(AssertionError):
    """An expression that failed in the page."""


def chromium_path() -> str | None:
    """Where Chromium is; None where it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def launched(path: str, folder: Path) -> Iterator[Browser]:
    """A Chromium with a profile of its own in `folder`; gone with all its processes afterwards."""
    to_child, from_us = os.pipe()
    from_child, to_us = os.pipe()
    command = [path, *FLAGS, f"--user-data-dir={folder / 'chromium'}", "about:blank"]
    process = subprocess.Popen(
        [sys.executable, "-c", AS_3_AND_4, str(to_child), str(to_us), *command],
        pass_fds=(to_child, to_us),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(to_child)
    os.close(to_us)
    try:
        opened = Browser(from_us, from_child)
        opened.call("Browser.getVersion", {})  # it has started
        yield opened
    finally:
        os.close(from_us)
        os.close(from_child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)


class Browser:
    """Chromium's end of the pipe: each message is JSON, ended by a zero byte."""

    def __init__(self, out: int, into: int) -> None:
        self._out = out
        self._into = into
        self._buffer = b""
        self._number = 0

    def open(self, address: str, *, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A new page of that size."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        page.resize(width, height)
        page.set_dark(dark)
        page.go(address)
        return page

    def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """The answer to one command; events in between are let go."""
        self._number += 1
        command: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            command["sessionId"] = session
        os.write(self._out, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_S
        while True:
            answer = self._receive(deadline, method)
            if answer.get("id") == self._number:
                if "error" in answer:
                    gone = any(words in answer["error"]["message"] for words in GONE)
                    raise (PageGone if gone else AssertionError)(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _receive(self, deadline: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._into], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"chromium gave no answer to {method} within {ANSWER_S} s")
            piece = os.read(self._into, 1 << 20)
            if not piece:
                raise AssertionError(f"chromium ended during {method}")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))


class Page:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, parameters, self._session)

    def go(self, address: str) -> None:
        """Leads to the address, and waits until the document that is there is whole."""
        before = self._document()
        answer = self.call("Page.navigate", url=address)
        # Chromium answers before the next document has taken the place of this one, which is whole, too.
        another = "loaderId" in answer and "errorText" not in answer  # not so where only what follows # differs
        here = f"{json.dumps(another)} && {DOCUMENT} === {json.dumps(before)}"
        self.until(f"document.readyState === 'complete' && !({here})")

    def _document(self) -> float | None:
        """What tells this document from every other; None where it is about to give way to the next."""
        with contextlib.suppress(PageGone):
            return float(self.evaluate(DOCUMENT))
        return None

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise ScriptError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, expression: str, within_s: float = ANSWER_S) -> None:
        """Waits until the expression, or what it promises, is true, be it on the page that a click leads to.

        What it reads of an element that is not there yet is not true yet.
        """
        deadline = time.monotonic() + within_s
        while failed := self._fails(expression):
            if time.monotonic() > deadline:
                words = self.evaluate("document.body.innerText")
                raise AssertionError(f"{failed} within {within_s} s: {expression}; the page says:\n{words}")
            time.sleep(0.02)

    def _fails(self, expression: str) -> str:
        """Why the expression does not hold now; empty where it does. Raises ScriptError for what is no expression."""
        try:
            return "" if self.evaluate(f"Promise.resolve({expression}).then(Boolean)") else "not true"
        except PageGone:
            return "the page was leading on"
        except ScriptError as error:
            if "SyntaxError" in str(error):
                raise
            return f"failed ({error})"

    def text(self, selector: str) -> str:
        """What the first such element says; empty where there is none."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def press(self, key: str) -> None:
        named = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def resize(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def set_dark(self, dark: bool) -> None:
        wish = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[wish])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
