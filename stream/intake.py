"""The thread that drains a camera: a live one (acquisition.py), or files (playback.py).

What others ask of it, from their own threads, is answered here. Knows no socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.acquisition import Acquisition
from stream.connection import Connection
from stream.desk import Desk
from stream.ledger import Ledger
from stream.messages import ClockStatus
from stream.playback import Playback
from stream.settings import CameraSettings
from stream.taking import Taking, Tell

if TYPE_CHECKING:
    from stream.health_desk import HealthDesk
    from stream.segments_copying import Copier


class Intake:
    """Drains one camera until it ends or is stopped."""

    def __init__(
        self,
        camera: CameraSettings,
        desk: Desk,
        tell: Tell,
        health: HealthDesk | None = None,
        copier: Copier | None = None,
    ) -> None:
        self._camera = camera
        self._desk = desk
        self._tell = tell
        self._taking = Taking(camera, desk, tell, health)
        self._connection = Connection(camera, desk, tell, copier)
        self.done = False
        self.failure: BaseException | None = None

    def run(self, known: Ledger) -> None:
        """The thread's work. `known`: frames of a resumed recording that need not be captured again."""
        try:
            if self._camera.live:
                Acquisition(self._camera, self._desk, self._tell, self._taking, self._connection).run()
            else:
                Playback(self._camera, self._desk, self._tell, self._taking, self._connection, known).run()
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.done = True
            self._desk.wake()

    def clock(self) -> ClockStatus | None:
        """How the camera's own clock stands to this computer's; None where its pictures bear no time."""
        return self._taking.clock()

    @property
    def alarm(self) -> str:
        """That decoding is behind, in words; empty: it is not."""
        return self._taking.alarm

    def order(self) -> str:
        """Orders a picture of a camera that takes them on order; why it cannot, in words. From any thread."""
        return self._connection.order()

    def stop(self) -> None:
        """Makes `run` return soon; called from another thread."""
        with self._desk.lock:
            self._desk.stopping = True
            self._desk.lock.notify_all()
        self._connection.interrupt()
