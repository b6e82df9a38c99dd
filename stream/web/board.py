"""What is known of the line, from all that report: one merged status. No clock, no socket: it is told the time."""

from __future__ import annotations

from stream.messages import CameraCounts, CameraStatus, HouseStatus, LineStatus, RoleStatus
from stream.settings import CameraSettings, LineSettings
from stream.web.metrics_page import Seen
from stream.web.talk import CameraView, Incidents, PageCounts, PageStatus

STALE_MS = 1000.0  # a picture silent for longer is not live
SILENT_NS = 1_000_000_000  # a capture silent for longer is not well, whatever it said last
RECORDER_SILENT_NS = 2_000_000_000
_NOT_HEARD = CameraCounts("", 0, 0, 0, 0, {}, False, 0)
_EMPTY = CameraCounts("", 0, 0, 0, 0, {}, True, 0)  # the recorder has spoken, and knows no picture of the camera
_NO_LINE = LineStatus("", "", "", (), (), None, None, ())


class Board:
    """The newest word of each process, and the page's status made of them."""

    def __init__(self, line: LineSettings, session: str) -> None:
        self._settings = line
        self._session = session
        self._known = {camera.name for camera in line.cameras}
        self._cameras: dict[str, tuple[CameraStatus, int]] = {}
        self._line: tuple[LineStatus, int] | None = None
        self._house = HouseStatus((), ())

    def take(self, message: CameraStatus | LineStatus | HouseStatus, now_ns: int) -> None:
        if isinstance(message, CameraStatus):
            if message.camera not in self._known:
                return
            self._cameras[message.camera] = (message, now_ns)
        elif isinstance(message, LineStatus):
            self._line = (message, now_ns)
        else:
            self._house = message

    def incidents(self) -> Incidents:
        return Incidents(self._line[0].incidents if self._line else ())

    def status(self, page: PageCounts, now_ns: int) -> PageStatus:
        line = self._line[0] if self._line else _NO_LINE
        counts = {c.camera: c for c in line.cameras}
        uncounted = _EMPTY if self._line else _NOT_HEARD
        return PageStatus(
            line=self._settings.name,
            session=line.session or self._session,
            engine=line.engine,
            bundle_id=line.bundle_id,
            latency_p50_ms=line.latency_p50_ms,
            latency_p99_ms=line.latency_p99_ms,
            alarms=self._alarms(now_ns),
            cameras=tuple(self._view(c, counts.get(c.name, uncounted), now_ns) for c in self._settings.cameras),
            roles=self._house.roles,
            page=page,
            recipe=self._house.recipe,
            records=self._line is not None and line.commits and now_ns - self._line[1] <= RECORDER_SILENT_NS,
        )

    def seen(self, status: PageStatus) -> Seen:
        """What /metrics is made of; `status` as it stands."""
        slots = {camera.name: camera.slots for camera in self._settings.cameras}
        said = {name: one for name, (one, _) in self._cameras.items()}
        line = self._line[0] if self._line else _NO_LINE
        return Seen(status, said, slots, line.figures, line.challenges)

    def _view(self, camera: CameraSettings, counts: CameraCounts, now_ns: int) -> CameraView:
        said, heard_ns = self._cameras.get(camera.name, (None, now_ns))
        silent_ns = now_ns - heard_ns
        state, text = camera_state(said, silent_ns, self._role(f"capture {camera.name}"))
        parts = self._line[0].parts if self._line else ()
        last = next((part for part in parts if part.camera == camera.name), None)
        return CameraView(
            name=camera.name,
            state=state,
            text=text,
            stale_after_ms=stale_after_ms(camera),
            fps=said.fps if said and silent_ns <= SILENT_NS else 0.0,
            waiting=said.waiting if said else 0,
            lost=max(counts.lost, said.lost if said else 0),
            captured=counts.captured,
            good=counts.good,
            bad=counts.bad,
            unknown=counts.unknown,
            dropped=counts.dropped,
            ledger_closed=counts.ledger_closed,
            incidents=counts.incidents,
            alarms=said.alarms if said and silent_ns <= SILENT_NS else (),
            clock=said.clock if said and silent_ns <= SILENT_NS else None,
            part=last.part if last else "",
            part_state=last.state if last else "",
        )

    def _role(self, name: str) -> RoleStatus | None:
        return next((role for role in self._house.roles if role.role == name), None)

    def _alarms(self, now_ns: int) -> tuple[str, ...]:
        if self._line is None:
            return self._house.alarms
        line, heard_ns = self._line
        silent_ns = now_ns - heard_ns
        stopped = (role := self._role("record")) is not None and role.state == "stopped"
        if silent_ns <= RECORDER_SILENT_NS or stopped:
            return tuple(dict.fromkeys(line.alarms + self._house.alarms))
        silence = f"no word from the recorder for {silent_ns / 1e9:.0f} s: counts and incidents are old"
        return (silence, *dict.fromkeys(line.alarms + self._house.alarms))


def camera_state(said: CameraStatus | None, silent_ns: int, role: RoleStatus | None) -> tuple[str, str]:
    """State and text of a camera: what its capture said, unless that is too long ago.

    A capture that has come to the end stays and says so until the line stops. Captures are stopped before the page:
    their silence is no fault then.
    """
    if said is None:
        stopped = role is not None and role.state == "stopped"
        return ("ended", "") if stopped else ("starting", role.text if role else "")
    if said.state == "ended":
        return "ended", said.text
    if silent_ns > SILENT_NS:
        why = f"{role.role}: {role.state}. {role.text}".strip() if role else "no word from its capture"
        return "silent", why
    return said.state, said.text


def stale_after_ms(camera: CameraSettings) -> float:
    """When a picture of this camera is no live one: 1 s, more only where pictures are asked for more slowly."""
    if camera.fps is None or camera.newest:
        return STALE_MS
    return max(STALE_MS, 2500.0 / camera.fps)
