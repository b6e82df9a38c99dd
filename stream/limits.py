"""What each setting may be, in one table: its range or its choices. Pure; knows no YAML and no file."""

from __future__ import annotations

from dataclasses import fields

from detector.batches import BATCH_MAX
from detector.engines.kinds import KINDS, PRECISIONS
from detector.regions import CODES_MAX, Locate, Region, Tiles
from stream.challenge_limits import shift_times
from stream.control_limits import name_of_a_node, ratios, sensor_window
from stream.host_limits import host_address, host_name
from stream.limit_kinds import (
    Limit,
    above,
    at_least,
    camera_name,
    fourcc,
    host_names,
    one_of,
    recipe_name,
    unless_auto,
    within,
)
from stream.part_limits import broker_host, mqtt_topic
from stream.region_limits import polygon, rectangle, region_name
from stream.settings import (
    CameraSettings,
    ChallengeSettings,
    ClipSettings,
    ControlSettings,
    DisplaySettings,
    FiguresSettings,
    HealthSettings,
    HostSettings,
    InspectorSettings,
    KeptSettings,
    LineSettings,
    LinksSettings,
    MqttSettings,
    PartsSettings,
    RecipeCameraSettings,
    RecipeControlSettings,
    RecipeSettings,
    RecorderSettings,
    RetentionSettings,
    SamplesSettings,
    SupervisorSettings,
)

LIMITS: dict[type, dict[str, Limit]] = {
    LineSettings: {},
    CameraSettings: {
        "name": camera_name,
        "policy": one_of("auto", "newest", "every"),
        "pace": one_of("fast", "recorded"),
        "fps": above(0, 1000),
        "width": within(1, 16384),
        "height": within(1, 16384),
        "pixel_format": fourcc,
        "rtsp_transport": one_of("tcp", "udp"),
        "region": rectangle,
        "slots": within(2, 1024),
        "waiting_max": within(1, 1023),
        "deadline_ms": above(0),
        "silent_after_s": above(0),
        "mm_per_px": above(0, 1000),
    },
    HealthSettings: {check.name: one_of("auto", "on", "off") for check in fields(HealthSettings)},
    ControlSettings: {
        "exposure_us": above(0, 60_000_000),
        "gain_db": within(-100, 100),
        "white_balance": ratios,
        "roi": sensor_window,
        "pixel_format": name_of_a_node,
        "packet_size": within(220, 16260),
        "trigger": one_of("free", "hardware", "software"),
        "trigger_line": name_of_a_node,
        "trigger_delay_us": within(0, 60_000_000),
    },
    Region: {"name": region_name, "box": rectangle, "polygon": polygon},
    Tiles: {"box": rectangle, "size": within(8, 16384), "overlap": within(0, 16384)},
    Locate: {
        "box": rectangle,
        "length": within(16, 4096),
        "margin": within(0, 2),
        "when_missing": one_of("unknown", "good"),
        "light": within(1, 254),
        "count": within(1, CODES_MAX),
    },
    PartsSettings: {"told_by": one_of("nobody", "control", "mqtt")},
    ChallengeSettings: {"every_h": within(0.01, 8760), "deadline_s": within(1, 3600)},
    FiguresSettings: {"shifts": shift_times},
    MqttSettings: {"host": broker_host, "port": within(1, 65535), "topic": mqtt_topic},
    InspectorSettings: {
        "count": within(1, 64),
        "engine": one_of("auto", *KINDS),
        "device": one_of("auto", "cpu", "cuda"),
        "precision": one_of("auto", *PRECISIONS),
        "threads": unless_auto(within(1, 256)),
        "batch": within(1, BATCH_MAX),
        "batch_wait_ms": within(0, 1000),
        "classifier_threshold": within(0, 1),
        "segmenter_threshold": within(0, 1),
        "min_area_px": at_least(0),
    },
    RecipeSettings: {
        "name": recipe_name,
        "classifier_threshold": within(0, 1),
        "segmenter_threshold": within(0, 1),
        "min_area_px": at_least(0),
    },
    RecipeControlSettings: {
        "exposure_us": above(0, 60_000_000),
        "gain_db": within(-100, 100),
        "white_balance": ratios,
        "roi": sensor_window,
    },
    RecipeCameraSettings: {"name": camera_name, "region": rectangle, "deadline_ms": above(0)},
    RecorderSettings: {
        "incident_gap_frames": at_least(1),
        "commit_ms": within(0, 10_000),
        "unrecorded_bad_max": at_least(0),
        "evidence_min_free_mb": at_least(0),
    },
    SamplesSettings: {
        "random_per_hour": at_least(0),
        "near_per_hour": at_least(0),
        "near": within(0, 1),
        "kept_max": at_least(1),
    },
    RetentionSettings: {},
    KeptSettings: {"days": above(0, 36_500), "gb": above(0, 1_000_000)},
    ClipSettings: {
        "enabled": one_of("auto", "on", "off"),
        "pre_s": within(0, 60),
        "post_s": within(0, 60),
        "segment_s": within(1, 60),
        "fps": above(0, 1000),
        "width_px": within(96, 7680),
    },
    DisplaySettings: {
        "port": within(0, 65535),
        "host_names": host_names,
        "width_px": within(16, 7680),
        "jpeg_quality": within(1, 100),
        "live_fps": above(0, 1000),
    },
    HostSettings: {"name": host_name, "address": host_address},
    LinksSettings: {
        "port": within(1024, 65000),
        "frames": one_of("raw", "jpeg"),
        "jpeg_quality": within(1, 100),
    },
    SupervisorSettings: {"silent_after_s": above(0), "judging_s": above(0), "starting_s": above(0), "stop_s": above(0)},
}
