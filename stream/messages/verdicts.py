"""What an inspector says of frames, to the recorder and the display; and what the recorder answers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.messages.frames import FrameRef, Key, SentPicture
from stream.messages.values import (
    CameraName,
    Corners,
    Count,
    Finite,
    Length,
    Name,
    Place,
    Process,
    RecipeName,
    Share,
    Text,
    Word,
)

REGIONS_MAX = 64  # of a camera, as in detector/regions.py
FOUND_MAX = 8  # codes found in one region, as in detector/locating.py


class DefectRecord(msgspec.Struct, frozen=True):
    """A defect as it travels and as it is kept: box half open, in pixels of the frame."""

    kind: Name
    score: Share
    box: tuple[Place, Place, Place, Place]
    area_px: Count
    length_px: Length
    width_px: Length
    region: Name = ""  # that most of it lies in; empty where the camera has none


class PackedMask(msgspec.Struct, frozen=True):
    """A binary mask, cropped to `box` of the frame, one bit a pixel, deflated (see wire.pack_mask)."""

    box: tuple[Place, Place, Place, Place]
    bits: bytes


class RegionRecord(msgspec.Struct, frozen=True):
    """What was judged of one region of a frame."""

    name: Name
    state: Word
    score: Share | None
    reason: Text | None = None  # of UNKNOWN
    found: Annotated[tuple[Corners, ...], msgspec.Meta(max_length=FOUND_MAX)] = ()  # where codes were found


class VerdictRecord(msgspec.Struct, frozen=True):
    """A verdict as it travels and as it is kept."""

    state: Word
    score: Share | None
    reason: Text | None
    defects: tuple[DefectRecord, ...]
    mask: PackedMask | None
    mask_sha256: Name
    bundle_id: Name
    settings_id: Name
    stages_ms: tuple[Finite, Finite, Finite, Finite]  # preprocess, classify, segment, postprocess
    regions: Annotated[tuple[RegionRecord, ...], msgspec.Meta(max_length=REGIONS_MAX)] = ()  # as in the settings
    recipe: RecipeName = ""  # that was in force; empty: none
    threshold: Share | None = None  # BAD from this score on; None: not said


class InspectorUp(msgspec.Struct, frozen=True, tag="inspector_up"):
    """An inspector has passed its golden samples, and judges."""

    inspector: Name
    pid: Process
    engine: Name
    bundle_id: Name


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    """A verdict on a frame: to the recorder, who acknowledges it, and to the display, who may miss it."""

    inspector: Name
    frame: FrameRef
    verdict: VerdictRecord
    judged_mono_ns: Count  # on the clock of the frame's host: captured_mono_ns and the frame's age
    picture: SentPicture | None = None  # of a BAD frame: what was judged, where the recorder cannot see it
    taken_mono_ns: Count = 0  # on the same clock: when the inspector had the frame in hand


class Recorded(msgspec.Struct, frozen=True, tag="recorded"):
    """These verdicts are on disk."""

    camera: CameraName
    keys: tuple[Key, ...]
