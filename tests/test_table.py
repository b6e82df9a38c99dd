"""Which kind of source an address names."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.settings import CameraSettings
from stream.sources.source import SourceError
from stream.sources.table import KINDS, kind_of, open_source
from tests.recordings import numbered_frames, write_recording


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("synthetic:?seed=3", "synthetic"),
        ("numbered:?seed=3", "numbered"),
        ("rtsp://camera/belt", "rtsp"),
        ("rtsps://camera/belt", "rtsp"),
        ("http://camera/belt", "mjpeg"),
        ("https://camera/belt", "mjpeg"),
        ("watch:/folder", "watch"),
        ("0", "usb"),
        ("/dev/video0", "usb"),
        ("basler:", "basler"),
        ("basler:22345678", "basler"),
        ("genicam:/opt/maker/producer.cti#12", "genicam"),
        ("aravis:192.168.1.20", "aravis"),
        ("/dev/v4l/by-id/usb-camera-index0", "usb"),
        ("belt.mp4", "file"),
    ],
)
def test_an_address_names_its_kind(source: str, kind: str) -> None:
    assert kind_of(source) == kind and kind in KINDS
    assert CameraSettings("belt", source).live == (kind not in ("file", "folder", "watch"))


def test_an_address_of_no_known_kind_is_refused_without_its_password() -> None:
    with pytest.raises(
        SourceError, match=r"ftp://admin:\*\*\*@camera/belt: .* known: a file, a folder, watch"
    ) as caught:
        kind_of("ftp://admin:s3cret@camera/belt")
    assert caught.value.final


def test_a_folder_of_recordings_is_no_folder_of_pictures(tmp_path: Path) -> None:
    write_recording(tmp_path / "belt.mp4", numbered_frames(3))
    with pytest.raises(SourceError, match=r"no pictures in the folder; .*\.png") as caught:
        open_source(CameraSettings("belt", str(tmp_path)), str(tmp_path))
    assert caught.value.final
