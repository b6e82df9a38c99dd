"""The window: Tk draws what `drawing.wall` makes of what is seen. Needs a desktop; knows no socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from stream.desktop.alarms import Alarm, alarms_in
from stream.desktop.drawing import Card, wall
from stream.desktop.situation import Situation, situation
from stream.desktop.watching import Seen

if TYPE_CHECKING:
    import tkinter

TICK_MS = 40
WIDTH, HEIGHT = 1280, 760  # pixels, where the desktop has them
REPEAT_S = 0.25  # what the clock alone changes is drawn so often
WORST = ("bad", "stale", "retrying", "unknown", "good", "waiting", "ended")  # for the title
KEYS = "f whole screen   1 to 9 one camera   0 all   q close"
NO_TK = (
    "this Python has no tkinter, which draws the window; on Debian: apt-get install python3-tk. "
    "The same overlay is in any browser at the line's page"
)


class WindowError(OSError):
    """There can be no window here; the text says why."""


class Window:
    """One window until it is closed. `iconify`: closing it makes it small; the line's own goes with the line."""

    def __init__(self, seen: Callable[[], Seen], title: str, *, camera: str = "", iconify: bool = False) -> None:
        """Raises WindowError where there is no desktop, or no Tk."""
        self._tk = _tkinter()
        try:
            self.root = self._tk.Tk()
        except self._tk.TclError as error:
            raise WindowError(f"no desktop to open a window on: {error}; run it where you are logged in") from error
        self._seen, self._title, self._camera = seen, title, camera
        self._since: dict[str, float] = {}
        self._look: object = None
        self._drawn_s = float("-inf")
        self._image: tkinter.PhotoImage | None = None
        width, height = (min(one, most) for one, most in zip((WIDTH, HEIGHT), self._desktop(), strict=True))
        self.root.geometry(f"{width}x{height}")
        self.root.configure(background="#0f1114")
        self._label = self._tk.Label(self.root, borderwidth=0, background="#0f1114")
        self._label.place(x=0, y=0, relwidth=1, relheight=1)
        self.root.protocol("WM_DELETE_WINDOW", self.root.iconify if iconify else self.close)
        self.root.bind("<Key>", self._key)
        self.open = True
        self._iconify = iconify

    def turn(self) -> None:
        """Draws where something changed, and takes what was typed."""
        now_s, seen = time.monotonic(), self._seen()
        look = (seen.shown, seen.trouble, self._camera, self.root.winfo_width(), self.root.winfo_height())
        if look != self._look or now_s - self._drawn_s > REPEAT_S:
            self._look, self._drawn_s = look, now_s
            self._draw(seen, now_s)
        self.root.update()

    def _draw(self, seen: Seen, now_s: float) -> None:
        cards = self._cards(seen, now_s)
        trouble = (Alarm(seen.trouble),) if seen.trouble else ()
        alarms = (*trouble, *(alarms_in(seen.status) if seen.status else ()))
        width, height = self.root.winfo_width(), self.root.winfo_height()
        if min(width, height) > 60 and self.root.state() != "iconic":
            self._show(wall(cards, alarms, height, width, now_s))
        kinds = [card.situation for card in cards]
        worst = min(kinds, key=lambda one: WORST.index(one.kind), default=None)
        self.root.title(f"{worst.word} · {self._title}" if worst else self._title)

    def run_while(self, wanted: Callable[[], bool]) -> None:
        """Until it is closed, or is not wanted any more."""
        try:
            while self.open and wanted():
                began_s = time.monotonic()
                self.turn()
                time.sleep(max(0.005, TICK_MS / 1000 - (time.monotonic() - began_s)))
        finally:
            self.close()

    def close(self) -> None:
        """May be called twice."""
        if self.open:
            self.open = False
            self.root.destroy()

    def _desktop(self) -> tuple[int, int]:
        return self.root.winfo_screenwidth(), self.root.winfo_screenheight()

    def _cards(self, seen: Seen, now_s: float) -> list[Card]:
        views = {view.name: view for view in seen.status.cameras} if seen.status else {}
        names = list(dict.fromkeys((*views, *seen.shown)))
        if self._camera in names:
            names = [self._camera]
        return [
            Card(name, self._situation(seen, name, now_s), seen.shown.get(name), seen.pictures.get(name))
            for name in names
        ]

    def _situation(self, seen: Seen, name: str, now_s: float) -> Situation:
        view = next((one for one in seen.status.cameras if one.name == name), None) if seen.status else None
        watched_s = now_s - self._since.setdefault(name, now_s)
        return situation(view, seen.shown.get(name), heard_s=now_s - seen.said_s, watched_s=watched_s, now_s=now_s)

    def _show(self, picture: np.ndarray) -> None:
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        ppm = b"P6 %d %d 255\n" % (rgb.shape[1], rgb.shape[0]) + rgb.tobytes()
        self._image = self._tk.PhotoImage(data=ppm, format="PPM")
        self._label.configure(image=self._image)

    def _key(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if event.char == "f" or event.keysym == "F11":
            self.root.attributes("-fullscreen", not self.root.attributes("-fullscreen"))
        elif event.keysym == "Escape":
            self.root.attributes("-fullscreen", False)
        elif event.char == "0":
            self._camera = ""
        elif event.char.isdigit():
            seen = self._seen()
            names = [view.name for view in seen.status.cameras] if seen.status else []
            self._camera = names[int(event.char) - 1] if int(event.char) <= len(names) else self._camera
        elif event.char == "q" and not self._iconify:
            self.close()


def _tkinter() -> Any:
    try:
        import tkinter
    except ImportError:
        raise WindowError(NO_TK) from None
    return tkinter
