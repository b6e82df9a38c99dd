"""What is kept of what was judged, in which form, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecorderSettings:
    """What is kept."""

    incident_gap_frames: int = 10  # BAD frames at most this far apart are one incident
    commit_ms: float = 20.0  # verdicts arriving within this time share one commit
    overlay_video: bool = False  # write an H.264 film of what was judged, per run
    unrecorded_bad_max: int = 8  # full disk: BAD frames whose pixels each camera's ring keeps, at most
    evidence_min_free_mb: int = 64  # below this much free disk no evidence is begun, and an alarm says so


@dataclass(frozen=True)
class SamplesSettings:
    """Which GOOD frames are kept with their picture, so that missed defects are found and counted."""

    random_per_hour: float = 6.0  # of each camera, whatever their score; 0: none
    near_per_hour: float = 6.0  # of each camera, of those that were nearly BAD; 0: none
    near: float = 0.2  # 0..1: nearly BAD is a score at most this far below the threshold
    kept_max: int = 1000  # of each camera; past it the oldest goes that nobody has reviewed or pinned


@dataclass(frozen=True)
class KeptSettings:
    """How long pictures of one kind are kept, and how much room they may take; None: for ever, and all of it."""

    days: float | None = None
    gb: float | None = None  # 1 GB is 1,000,000,000 bytes


@dataclass(frozen=True)
class RetentionSettings:
    """What is deleted, the oldest first; never the log, never what is pinned or was reviewed."""

    evidence: KeptSettings = KeptSettings()
    clips: KeptSettings = KeptSettings()
    segments: KeptSettings = KeptSettings()
    video: KeptSettings = KeptSettings()
    samples: KeptSettings = KeptSettings()


@dataclass(frozen=True)
class ClipSettings:
    """The film before and after each incident, and of everything."""

    enabled: str = "auto"  # auto: of RTSP cameras that send H.264, which is kept as it comes | on: of all | off
    pre_s: float = 5.0  # seconds before an incident
    post_s: float = 5.0  # seconds after it
    continuous: bool = False  # keep all of the recording, not only what clips are cut from
    segment_s: float = 4.0  # seconds of a file of the recording
    fps: float = 15.0  # where it must be encoded: GOOD pictures a second, at most; BAD ones are never left out
    width_px: int = 960  # the same: pictures are not wider than this
