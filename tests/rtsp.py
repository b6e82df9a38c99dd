"""An RTSP camera for tests, in a process of its own (rtsp_server.py), so that it can freeze, die and come back."""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tests.needs import need
from tests.ports import free_port

PYTHON = "/usr/bin/python3"  # GStreamer's bindings come with the system's Python
SERVER = Path(__file__).parent / "rtsp_server.py"
IMPORTS = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
STARTING_S = 200.0


def need_rtsp_server() -> None:
    """Skips the test where there is no RTSP server to be had."""
    need(_can_serve(), "needs GStreamer's RTSP server: see tests/debian-packages.txt")


@functools.cache
def _can_serve() -> bool:
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", IMPORTS], capture_output=True, timeout=STARTING_S).returncode == 0


class RtspServer:
    """A camera that sends a recording over and over. Use as a context; it stays on its port.

    Each viewer begins with picture `first` of the recording.
    """

    def __init__(
        self,
        recording: Path,
        *,
        user: str = "",
        password: str = "",
        fps: float = 25.0,
        first: int = 0,
        once: bool = False,
        damaged: Sequence[int] = (),
        lost: Sequence[int] = (),
        torn: Sequence[int] = (),
        clock: Path | None = None,
    ) -> None:
        self.port = free_port()  # one that nobody is given while this camera is dead
        self._process: subprocess.Popen[str] | None = None
        self._words = ["--file", str(recording), "--fps", str(fps), "--first", str(first)]
        self._words += ["--user", user, "--password", password] if user else []
        self._words += ["--once"] if once else []
        self._words += ["--clock", str(clock)] if clock else []
        for word, pictures in (("--damaged", damaged), ("--lost", lost), ("--torn", torn)):
            self._words += [word, *map(str, pictures)] if pictures else []

    def __enter__(self) -> RtspServer:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/belt"

    def address_with(self, user: str, password: str) -> str:
        return f"rtsp://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}/belt"

    def start(self) -> None:
        """Returns when it listens."""
        need_rtsp_server()
        command = [PYTHON, str(SERVER), "--port", str(self.port), *self._words]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], STARTING_S)
        said = self._process.stdout.readline().strip() if readable else ""
        assert said == str(self.port), f"the RTSP server did not come up; it said {said!r}"

    def freeze(self) -> None:
        """It sends nothing more, and its connections stay."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """May be called twice."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.communicate()
            self._process = None

    def restart(self) -> None:
        """Killed, and back on the same port."""
        self.kill()
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
