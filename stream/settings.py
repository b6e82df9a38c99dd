"""Every setting of a line: its name, unit and default, once. Knows no YAML and no file (see configuration.py)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from detector.verdict import Box

PROMOTED = Path("promoted")  # as a bundle: the one that tools.promote put live for the line's data_dir
LIVE_PREFIXES = ("rtsp://", "rtsps://", "synthetic:", "/dev/")


@dataclass(frozen=True)
class CameraSettings:
    """One camera: where its pictures come from and how they are treated."""

    name: str
    source: str = field(repr=False)  # a file, a folder, rtsp://…, a camera index, /dev/videoN or synthetic:…
    policy: str = "auto"  # newest | every | auto: newest for live sources, every for files and folders
    pace: str = "fast"  # files and folders: fast | recorded (as their timestamps, or `fps`, say)
    fps: float | None = None  # frames per second asked of a USB camera, or the pace of a folder
    width: int | None = None  # pixels asked of a USB camera
    height: int | None = None
    username: str | None = None
    password_file: Path | None = None  # first line is the password of an RTSP address
    region: Box | None = None  # the rectangle that is judged, in pixels; None: the whole frame
    slots: int = 16  # pictures the ring holds
    waiting_max: int = 3  # newest: more waiting frames than this, and the oldest gives way
    deadline_ms: float = 1000.0  # newest: judged later than this after capture is UNKNOWN
    silent_after_s: float = 3.0  # a live source that sends nothing for so long is opened again

    @property
    def live(self) -> bool:
        """Whether pictures come whether or not anybody takes them."""
        return self.source.startswith(LIVE_PREFIXES) or self.source.isdigit()

    @property
    def newest(self) -> bool:
        """Whether the oldest waiting frame gives way (True), or the reader waits (False)."""
        return self.live if self.policy == "auto" else self.policy == "newest"


@dataclass(frozen=True)
class InspectorSettings:
    """How frames are judged."""

    count: int = 1  # inspector processes
    bundle: Path | None = None  # a bundle's folder; None: the shipped one; PROMOTED: the one that is live
    classifier: Path | None = None  # a reference `.pth` checkpoint in place of a bundle (engine torch)
    segmenter: Path | None = None  # the same for the segmenter; both or none
    engine: str = "auto"  # auto | onnxruntime | torch
    device: str = "auto"  # auto | cpu | cuda
    threads: int = 2  # CPU threads of one inspector; part of what makes a replay exact
    classifier_threshold: float | None = None  # 0..1, over the bundle's
    segmenter_threshold: float | None = None  # 0..1, over the bundle's
    min_area_px: int | None = None  # over the bundle's: smaller pieces are not listed as defects


@dataclass(frozen=True)
class RecorderSettings:
    """What is kept."""

    incident_gap_frames: int = 10  # BAD frames at most this far apart are one incident
    commit_ms: float = 20.0  # verdicts arriving within this time share one commit
    overlay_video: bool = False  # write an H.264 film of what was judged, per run
    unrecorded_bad_max: int = 8  # full disk: BAD frames whose pixels each camera's ring keeps, at most
    evidence_min_free_mb: int = 64  # below this much free disk no evidence is begun, and an alarm says so


@dataclass(frozen=True)
class DisplaySettings:
    """The page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8080  # 0: any free one
    token_file: Path | None = None  # needed where host is not loopback
    width_px: int = 960  # live pictures are not sent wider than this
    jpeg_quality: int = 80
    live_fps: float = 25.0  # live pictures per second and viewer, at most


@dataclass(frozen=True)
class SupervisorSettings:
    """When a role counts as hung."""

    silent_after_s: float = 1.5  # a work loop without a beat for so long is killed and started again
    judging_s: float = 2.0  # the same for an inspector: it may be silent for one frame, however slow its networks are
    starting_s: float = 60.0  # time from start to the first beat
    stop_s: float = 10.0  # time for an orderly stop before SIGKILL


@dataclass(frozen=True)
class LineSettings:
    """The whole line."""

    cameras: tuple[CameraSettings, ...]
    data_dir: Path = Path("linewatch-data")  # log, evidence and ledger, for ever
    name: str = "line"
    inspector: InspectorSettings = InspectorSettings()
    recorder: RecorderSettings = RecorderSettings()
    display: DisplaySettings = DisplaySettings()
    supervisor: SupervisorSettings = SupervisorSettings()

    def camera(self, name: str) -> CameraSettings:
        """The camera of that name. Raises KeyError."""
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise KeyError(name)


def settings_id(inspector: InspectorSettings, camera: CameraSettings) -> str:
    """Twelve hex digits over every setting that a verdict of this camera depends on, beside the bundle."""
    region = camera.region and (camera.region.x0, camera.region.y0, camera.region.x1, camera.region.y1)
    parts = (
        inspector.classifier_threshold,
        inspector.segmenter_threshold,
        inspector.min_area_px,
        region,
        camera.deadline_ms if camera.newest else None,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
