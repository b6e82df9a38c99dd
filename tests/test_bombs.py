"""Small files that stand for much: each is refused before memory or time is taken for it."""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import av
import pytest
from PIL import Image

from detector.bundle import SETTINGS_FILE, open_bundle
from detector.bundle_fields import MAX_PARTS, MAX_TEXT
from detector.engines.folded import why_folded
from detector.errors import BundleError, PictureError
from detector.files import read_file
from detector.pictures import decode
from stream.settings import CameraSettings
from stream.sources.source import SourceError
from stream.sources.table import open_source
from tests.line import ROOT, TINY_BUNDLE
from tests.needs import torch_or_skip
from tests.recordings import numbered_frames, write_recording

SIDE = 16_000  # as a picture 768 MB, as a file some MB
GROWN_MAX_MB = 150


def grown_mb(words: str, *arguments: str | Path) -> int:
    """How much more memory a fresh process takes for these words than before them."""
    measure = (
        "import resource, sys\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        f"from tests.test_bombs import *\nbefore = peak()\n{words}\nprint(peak() - before)"
    )
    limit = (6 << 30, 6 << 30)  # a bomb that goes off must not take this computer with it
    done = subprocess.run(
        [sys.executable, "-c", measure, *map(str, arguments)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
    )
    return int(done.stdout.split()[-1])


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of three grey pictures of 16,000 x 16,000 px."""
    file = io.BytesIO()
    Image.new("L", (SIDE, SIDE), 90).save(file, "JPEG", quality=20)
    path = tmp_path_factory.mktemp("huge") / "huge.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuvj420p"
        for number in range(3):
            packet = av.Packet(file.getvalue())
            packet.pts = packet.dts = number
            packet.stream = stream
            packet.is_keyframe = True
            container.mux(packet)
    return path


def claim(path: Path, side: int) -> Path:
    """The same recording, whose container claims pictures of another size."""
    claimed = path.with_name(f"claims-{side}.avi")
    true, false = (width.to_bytes(4, "little") * 2 for width in (SIDE, side))
    claimed.write_bytes(path.read_bytes().replace(true, false))
    return claimed


def read_all(path: Path) -> list[str | None]:
    """The problem of each picture."""
    source = open_source(CameraSettings("belt", str(path)), str(path))
    try:
        return [picture.problem for picture in source.pictures()]
    finally:
        source.close()


def test_a_recording_of_pictures_that_are_too_large_is_refused_by_their_size(huge: Path) -> None:
    with pytest.raises(SourceError, match="too large"):
        read_all(huge)


def test_a_picture_larger_than_its_container_says_takes_no_memory(huge: Path) -> None:
    words = "try: print(read_all(Path(sys.argv[1])))\nexcept SourceError as error: print(error)"
    assert grown_mb(words, claim(huge, 640)) < GROWN_MAX_MB


def png_bomb() -> bytes:
    """A PNG that claims 30,000 x 30,000 px, 900 MB of zeros in a megabyte."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    size = (30_000).to_bytes(4, "big")
    zeros = zlib.compress(bytes(30_001 * 1000), 9)
    head = chunk(b"IHDR", size + size + bytes((8, 0, 0, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def test_a_picture_that_unfolds_to_too_much_is_refused_before_it_does() -> None:
    with pytest.raises(PictureError, match="too large"):
        decode(png_bomb())
    assert grown_mb("try: decode(png_bomb())\nexcept PictureError: pass") < GROWN_MAX_MB


def folded(raw: bytes) -> bytes:
    """The same zip, its parts compressed, one of them swollen."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        for part in archive.infolist():
            bomb.writestr(part.filename, bytes(50_000_000) if "data/0" in part.filename else archive.read(part))
    return out.getvalue()


def test_a_checkpoint_that_unfolds_is_refused_and_a_plain_one_is_not() -> None:
    torch = torch_or_skip("a checkpoint")
    plain, old = io.BytesIO(), io.BytesIO()
    torch.save({"a": torch.zeros(4)}, plain)
    torch.save({"a": torch.zeros(4)}, old, _use_new_zipfile_serialization=False)
    assert why_folded(plain.getvalue()) is None
    assert why_folded(old.getvalue()) is None
    assert "compressed" in (why_folded(folded(plain.getvalue())) or "")
    assert why_folded(b"PK\5\6" + bytes(18)) is None  # an empty zip unfolds to nothing: torch says what is wrong
    assert "damaged" in (why_folded(plain.getvalue().replace(b"PK\1\2", b"PK\1\3", 1)) or "")


BUNDLES = {
    "parts": (f"x: [{'1,' * MAX_PARTS}1]\n", "more than"),
    "text": (f"x: {'9' * (MAX_TEXT + 1)}\n", "characters"),
    "base 60": (f"x: {'1:' * 5000}1\n", "characters"),
    "deep": (f"x: {'[' * 100}{']' * 100}\n", "nested deeper"),
    "aliases": ("x: &a [1]\ny: *a\n", "alias"),
    "size": (f"# {'x' * (1 << 20)}\n", "at most"),
}


@pytest.mark.parametrize(("more", "says"), BUNDLES.values(), ids=BUNDLES)
def test_a_bundles_settings_cannot_keep_the_parser_busy(tmp_path: Path, more: str, says: str) -> None:
    bundle = shutil.copytree(TINY_BUNDLE, tmp_path / "bundle")
    settings = bundle / SETTINGS_FILE
    settings.write_text(settings.read_text() + more)
    with pytest.raises(BundleError, match=says):
        open_bundle(bundle)


@pytest.mark.parametrize("name", [SETTINGS_FILE, "classifier.onnx"])
def test_a_pipe_in_a_bundle_holds_nothing_up(tmp_path: Path, name: str) -> None:
    bundle = shutil.copytree(TINY_BUNDLE, tmp_path / "bundle")
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(BundleError, match="no regular file"):
        open_bundle(bundle)


def test_a_file_is_read_up_to_its_limit_and_no_device_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="at most 4"):
        read_file(tmp_path / "file", 4)
    with pytest.raises(OSError, match="no regular file"):
        read_file(Path("/dev/zero"), 5)


REFERRING = {
    "ffconcat": "ffconcat version 1.0\nfile neighbour.mp4\n",
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nneighbour.mp4\n#EXT-X-ENDLIST\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 15004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("ending", ["mp4", "m3u8", "txt"])
@pytest.mark.parametrize("text", REFERRING.values(), ids=REFERRING)
def test_a_recording_that_names_other_files_or_addresses_opens_none(tmp_path: Path, text: str, ending: str) -> None:
    write_recording(tmp_path / "neighbour.mp4", numbered_frames(3))
    (tmp_path / f"recording.{ending}").write_text(text)
    with pytest.raises(SourceError, match="not a video"):
        read_all(tmp_path / f"recording.{ending}")
    assert read_all(tmp_path / "neighbour.mp4") == [None] * 3
