"""Aravis' fake GigE Vision camera on loopback, in a process of its own, so that it can die and come back."""

from __future__ import annotations

import contextlib
import ctypes.util
import shutil
import subprocess

from tests.line import wait_for
from tests.needs import need
from tools.soak_gige import HOST, LIBRARY, PORT, PROGRAM, port_is_free


def need_gige_camera() -> None:
    """Skips the test where there is none to be had."""
    need(shutil.which(PROGRAM), f"{PROGRAM} is not installed: see tests/debian-packages.txt")
    need(ctypes.util.find_library(LIBRARY), "libaravis is not installed: see tests/debian-packages.txt")


class GigeCamera:
    """Use as a context; it answers to `aravis:SERIAL` and to `aravis:127.0.0.1`; `address` is one of them."""

    def __init__(self, serial: str, lost_packets_per_thousand: int = 0, address: str = "") -> None:
        self.address = address or f"aravis:{serial}"
        self._words = [PROGRAM, "-i", HOST, "-s", serial, "-r", str(lost_packets_per_thousand)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> GigeCamera:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when it listens."""
        need_gige_camera()
        wait_for(port_is_free, f"port {PORT} of {HOST}, on which another camera answers")
        self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: not port_is_free(), "the camera to listen")

    def kill(self) -> None:
        """Its power is cut. May be called twice."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None
