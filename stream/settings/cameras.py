"""Cameras: where pictures come from, how they are treated, what is looked for in them, what is announced of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from detector.regions import Region, Where
from detector.verdict import Box

INDUSTRIAL_PREFIXES = ("basler:", "genicam:", "aravis:")  # cameras that a program can set: GenICam
NETWORK_PREFIXES = ("rtsp://", "rtsps://", "http://", "https://")
DRAWN_PREFIXES = ("synthetic:", "numbered:")  # lines that are drawn here
LIVE_PREFIXES = (*NETWORK_PREFIXES, *DRAWN_PREFIXES, "/dev/", *INDUSTRIAL_PREFIXES)
WATCH_PREFIX = "watch:"  # before a folder: its pictures as they appear


@dataclass(frozen=True)
class Window:
    """A part of a camera's sensor, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class ControlSettings:
    """What is written into an industrial camera, read back and compared; None leaves what the camera has."""

    exposure_us: float | None = None  # microseconds
    gain_db: float | None = None
    white_balance: str | tuple[float, float, float] | None = None  # off | once | auto, or ratios of red, green, blue
    roi: Window | None = None  # the part of the sensor that is read out
    pixel_format: str | None = None  # as the camera calls it: Mono8, BayerRG8, BGR8 …
    packet_size: int | None = None  # bytes of a GigE Vision packet
    trigger: str = "free"  # free | hardware | software: what makes the camera take a picture
    trigger_line: str | None = None  # hardware: the camera's input, e.g. Line1
    trigger_delay_us: float | None = None  # microseconds from the trigger to the exposure


@dataclass(frozen=True)
class HealthSettings:
    """What is looked for in a live camera's pictures: auto (where it can be told for certain), on or off."""

    frozen: str = "auto"  # on: also where the sensor shows no noise
    black: str = "auto"
    blinded: str = "auto"
    focus: str = "auto"  # needs `python -m stream calibrate`, as moved does
    moved: str = "auto"
    flicker: str = "auto"  # on: also without calibrating, above a stated limit
    size: str = "auto"  # on: also without calibrating, against the first picture's
    corrupt: str = "auto"


@dataclass(frozen=True)
class MqttSettings:
    """The broker that says which part is before a camera."""

    host: str | None = None  # a name or an address
    port: int = 1883  # 8883 is the usual one with tls
    topic: str | None = None  # each message on it is a part: its name, or {"part": "its name"}
    username: str | None = None
    password_file: Path | None = None  # first line is the password
    tls: bool = False
    authority: Path | None = None  # tls: the certificate that the broker's is signed with; None: the system's


@dataclass(frozen=True)
class PartsSettings:
    """How a camera learns which part is before it."""

    told_by: str = "nobody"  # nobody | control: `python -m stream trigger` and the page | mqtt: a broker, and those
    mqtt: MqttSettings = MqttSettings()

    @property
    def told(self) -> bool:
        """Whether the camera is told of parts at all."""
        return self.told_by != "nobody"


@dataclass(frozen=True)
class ChallengeSettings:
    """What is known to be bad, and must be caught."""

    pictures: Path | None = None  # a picture of a bad part, or a folder of them, that go through the whole line
    each_shift: bool = False  # one falls due as a shift begins
    every_h: float | None = None  # hours; one falls due so long after the last
    deadline_s: float = 30.0  # a picture that is not judged by then is undecided


@dataclass(frozen=True)
class CameraSettings:
    """One camera: where its pictures come from and how they are treated."""

    name: str
    source: str = field(repr=False)  # a file, a folder, watch:FOLDER, rtsp://…, http://…, an index, /dev/videoN, …
    policy: str = "auto"  # newest | every | auto: newest for live sources, every for files and folders
    pace: str = "fast"  # files and folders: fast | recorded (as their timestamps, or `fps`, say)
    fps: float | None = None  # frames per second asked of a USB camera or of snapshots, or the pace of a folder
    width: int | None = None  # pixels asked of a USB camera
    height: int | None = None
    pixel_format: str | None = None  # asked of a USB camera: MJPG, YUYV, …
    rtsp_transport: str = "tcp"  # tcp | udp: how an RTSP camera sends its pictures
    certificate: Path | None = None  # the one that an https camera may show; None: one that the system trusts
    username: str | None = None
    password_file: Path | None = None  # first line is the password of an RTSP or HTTP address
    taken_list: Path | None = None  # of a watched folder: file with what was taken; None: in data_dir/watched
    region: Box | None = None  # the rectangle that is judged, in pixels; None: the whole frame
    regions: tuple[Region, ...] = ()  # in its place: named parts, each judged by itself (detector/regions.py)
    slots: int = 16  # pictures the ring holds
    waiting_max: int = 3  # newest: more waiting frames than this, and the oldest gives way
    deadline_ms: float = 1000.0  # newest: judged later than this after capture is UNKNOWN
    silent_after_s: float = 1.0  # a live source that sends nothing for so long, and for 5 periods, is opened again
    mm_per_px: float | None = None  # millimetres of the part that a pixel shows; None: defects are told in pixels alone
    health: HealthSettings = HealthSettings()  # what is looked for in its pictures
    control: ControlSettings = ControlSettings()  # industrial cameras
    parts: PartsSettings = PartsSettings()  # each picture is of a part that was announced
    challenge: ChallengeSettings = ChallengeSettings()  # a known-bad part or picture must be caught

    @property
    def live(self) -> bool:
        """Whether pictures come whether or not anybody takes them."""
        return self.source.startswith(LIVE_PREFIXES) or self.source.isdigit()

    @property
    def watched(self) -> bool:
        """Whether it is a folder whose pictures are judged as they appear: it never ends, and nothing gives way."""
        return self.source.startswith(WATCH_PREFIX)

    @property
    def where(self) -> Where:
        """What of its pictures is judged."""
        return self.regions or self.region

    @property
    def newest(self) -> bool:
        """Whether the oldest waiting frame gives way (True), or the reader waits (False)."""
        return self.live and not self.triggered if self.policy == "auto" else self.policy == "newest"

    @property
    def industrial(self) -> bool:
        """Whether it is a camera that `control` is written into."""
        return self.source.startswith(INDUSTRIAL_PREFIXES)

    @property
    def triggered(self) -> bool:
        """Whether each picture is a part, taken when something says so: its silence is no loss."""
        return self.control.trigger != "free"
