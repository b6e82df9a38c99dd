"""One case at each reader: what it is given, and the errors that it documents. Knows no corpus and no draw.

Each is imported where it is tried: a process that tries one loads no other's libraries.
"""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from .fuzz_case import TINY_BUNDLE

Attempt = Callable[[bytes], None]  # returns: was read; raises a documented error: was refused
Opened = tuple[Attempt, tuple[type[Exception], ...]]


def wire(_folder: Path) -> Opened:
    from stream.wire import WireError, decode, encode

    def attempt(data: bytes) -> None:
        again = encode(decode(data))
        assert encode(decode(again)) == again

    return attempt, (WireError,)


def mask(_folder: Path) -> Opened:
    from stream.messages import PackedMask
    from stream.wire import WireError, unpack_mask

    def attempt(data: bytes) -> None:
        numbers = [int.from_bytes(data[at : at + 4], "little") for at in range(0, 24, 4)]
        x0, y0, x1, y1, height, width = numbers
        mask = unpack_mask(PackedMask((x0, y0, x1, y1), data[24:]), 1 + height % 4096, 1 + width % 4096)
        assert mask.max() <= 1 and mask.shape == (1 + height % 4096, 1 + width % 4096)

    return attempt, (WireError,)


def bundle(folder: Path) -> Opened:
    """bundle.yaml of a bundle whose files stand beside it."""
    from detector.bundle import SETTINGS_FILE, open_bundle
    from detector.errors import BundleError

    bundle = Path(shutil.copytree(TINY_BUNDLE, folder / "bundle"))
    (folder / "secret.onnx").write_bytes(b"not of the bundle")

    def attempt(data: bytes) -> None:
        (bundle / SETTINGS_FILE).write_bytes(data)
        opened = open_bundle(bundle)
        for file in (opened.classifier_file, opened.segmenter_file, *(golden.file for golden in opened.golden)):
            assert file.path.resolve().is_relative_to(bundle.resolve()), f"{file.path} lies outside"
        opened.describe()

    return attempt, (BundleError,)


def onnx(folder: Path) -> Opened:
    """A classifier with other bytes in a bundle that names their hash: up to the networks themselves."""
    from detector.bundle import SETTINGS_FILE
    from detector.errors import OpenError
    from detector.opening import open_cascade

    bundle = Path(shutil.copytree(TINY_BUNDLE, folder / "bundle"))
    text = (bundle / SETTINGS_FILE).read_text()
    known = hashlib.sha256((bundle / "classifier.onnx").read_bytes()).hexdigest()
    assert known in text

    def attempt(data: bytes) -> None:
        (bundle / "classifier.onnx").write_bytes(data)
        (bundle / SETTINGS_FILE).write_text(text.replace(known, hashlib.sha256(data).hexdigest()))
        open_cascade(clock=lambda: 0.0, bundle=bundle, engine="onnxruntime", device="cpu")

    return attempt, (OpenError,)


def yaml(folder: Path) -> Opened:
    from stream.configuration import ConfigurationError, dump_line, parse_line, read_line

    file = folder / "line.yaml"

    def attempt(data: bytes) -> None:
        file.write_bytes(data)
        line = read_line(file)
        assert parse_line(dump_line(line)) == line

    return attempt, (ConfigurationError,)


def live(folder: Path) -> Opened:
    from stream.live_bundle import LiveBundleError, heal, live_folder

    bundles = folder / "bundles"
    bundles.mkdir()

    def attempt(data: bytes) -> None:
        (bundles / "live.json").write_bytes(data)
        assert live_folder(folder).resolve().parent == bundles.resolve(), "a bundle outside bundles/"
        heal(folder)

    return attempt, (LiveBundleError,)


def promotions(folder: Path) -> Opened:
    from stream.promotions import history

    def attempt(data: bytes) -> None:
        (folder / "promotions.jsonl").write_bytes(data)
        history(folder)

    return attempt, ()


def truth(folder: Path) -> Opened:
    from .dataset import DataError
    from .recording_truth import read_recording_truth

    def attempt(data: bytes) -> None:
        (folder / "belt.truth.json").write_bytes(data)
        truth = read_recording_truth(folder / "belt.truth.json")
        sum(part.first_seq <= 5 <= part.last_seq for part in truth.parts)

    return attempt, (DataError,)


def index(folder: Path) -> Opened:
    from .folder_check import read_index

    def attempt(data: bytes) -> None:
        (folder / "index.csv").write_bytes(data)
        read_index(folder / "index.csv", ["good/1.png", "bad/2.png"])

    return attempt, ()


def picture(_folder: Path) -> Opened:
    from detector.errors import PictureError
    from detector.pictures import decode

    def attempt(data: bytes) -> None:
        picture = decode(data)
        assert picture.ndim == 3 and picture.dtype == "uint8" and picture.shape[2] == 3

    return attempt, (PictureError,)


def video(folder: Path) -> Opened:
    from stream.sources.source import SourceError
    from stream.sources.video_file import VideoFile

    def attempt(data: bytes) -> None:
        path = folder / "belt.mp4"
        path.write_bytes(data)
        seen = 0
        for expected, picture in enumerate(VideoFile(path).pictures()):
            assert picture.index == expected, f"picture {picture.index} where {expected} is next"
            seen += picture.pixels.shape[2] == 3
            if seen > 500:
                return

    return attempt, (SourceError,)


def mjpeg(_folder: Path) -> Opened:
    """The body of a motion-JPEG answer, in pieces as a network cuts it: the first byte says of which length."""
    from stream.sources.jpeg import JpegDecoder
    from stream.sources.multipart import MultipartError, Parts

    decoder = JpegDecoder()

    def attempt(data: bytes) -> None:
        parts, step, seen = Parts("belt"), 1 + 37 * (data[0] if data else 0), 0
        for at in range(1, len(data), step):
            for part in parts.feed(data[at : at + step]):
                picture = decoder.picture(part.body, seen, None, part.taken_utc_ns)
                assert picture.pixels.ndim == 3 and picture.index == seen
                seen += 1

    return attempt, (MultipartError,)


def web_login(_folder: Path) -> Opened:
    """What a camera's web server asks for, and where it leads."""
    from stream.sources.http_address import http_address, led_to
    from stream.sources.http_login import Login

    here = http_address("http://admin:s3cret@camera:8080/a/b")
    assert here is not None

    def attempt(data: bytes) -> None:
        text = data.decode("latin-1")
        login = Login("admin", "s3cret")
        if login.challenged(text.split("\n")):
            said = login.answer("GET", "/video") or ""
            assert said.isprintable() and "s3cret" not in said
        there = led_to(here, text)
        assert there is None or (there.host == "camera" and there.path.isprintable())

    return attempt, ()


def h264(_folder: Path) -> Opened:
    """What an RTSP camera calls H.264: one packet after the other, cut at each start code."""
    from stream.sources.h264_order import FrameNumbers

    def attempt(data: bytes) -> None:
        numbers = FrameNumbers()
        for unit in data.split(b"\0\0\1"):
            numbers.missing(b"\0\0\1" + unit)

    return attempt, ()


def taken(folder: Path) -> Opened:
    """The list of what was taken from a watched folder."""
    from stream.sources.settling import Mark
    from stream.sources.taken import Taken, TakenList

    def attempt(data: bytes) -> None:
        (folder / "belt.jsonl").write_bytes(data)
        listed = TakenList(folder / "belt.jsonl")
        listed.open(7)
        listed.take(Taken(7, listed.next_seq, "new.jpg", Mark(1, 2)))
        listed.placed()
        again = TakenList(folder / "belt.jsonl")
        again.open(7)
        assert again.knows("new.jpg", Mark(1, 2)), "what was taken is known"

    return attempt, ()


def ring(folder: Path) -> Opened:
    """What a dead capture left in shared memory, taken over by the next."""
    from stream.ring import Ring, RingError
    from stream.slots import Slots

    def attempt(data: bytes) -> None:
        (folder / "belt.1.ring").write_bytes(data)
        ring = Ring.adopt(folder / "belt.1.ring")
        try:
            ring.runs.open()
            ring.parts.open()
            slots = Slots()
            slots.use(ring)
            slots.held_by_run()
            slots.lease("inspect 1", 1000, 1)
        finally:
            ring.close()

    return attempt, (RingError,)


def page_word(_folder: Path) -> Opened:
    from stream.web.talk import TalkError, hear

    return (lambda data: void(hear(data.decode("utf-8", "replace")))), (TalkError,)


def part_name(_folder: Path) -> Opened:
    """What a broker or a program sends as a part's name: what is taken may stand in every message."""
    import msgspec

    from stream.messages import PartBegin
    from stream.part_names import PartError, part_in

    def attempt(data: bytes) -> None:
        begun = PartBegin(0, 0, part_in(data), "mqtt", 0)
        if msgspec.msgpack.decode(msgspec.msgpack.encode(begun), type=PartBegin) != begun:
            raise AssertionError(f"taken as a name, and no message carries it: {begun.part!a}")

    return attempt, (PartError,)


def act(_folder: Path) -> Opened:
    """What is done at the page, entered into a log: kind, subject and new value, each on a line of its own."""
    import sqlite3

    from stream.audit_check import Finding, check_chain
    from stream.log_acts import enter_acts
    from stream.log_chain import append_entry
    from stream.log_schema import bring_up
    from stream.messages import Act

    db = sqlite3.connect(":memory:", isolation_level=None)
    bring_up(db, 0)
    db.execute(
        "INSERT INTO incidents (camera, run, first_seq, last_seq, frames, worst_seq, worst_score, utc_ns, part, bundle,"
        " settings, recipe, defects, length_px, width_px, area_px) VALUES ('belt',1,1,9,2,1,0.9,1,'','','','',0,0,0,0)"
    )

    def attempt(data: bytes) -> None:
        kind, subject, new, *_ = [*data.decode("utf-8", "surrogateescape").split("\n", 2), "", "", ""]
        db.execute("BEGIN")
        (noted,) = enter_acts(db, [Act("a", 1, "x", "operator", kind, subject, "", new)], 1)
        append_entry(db, 1, 1)
        wrong = [step for step in check_chain(db) if isinstance(step, Finding)]
        entered = db.execute("SELECT count(*) FROM acts").fetchone() == (1,)
        db.execute("ROLLBACK")
        assert not wrong and entered == noted.ok and noted.text

    return attempt, ()


def self_test(_folder: Path) -> Opened:
    """A target that breaks in each way there is, for the fuzzer's own test."""
    deeds: dict[bytes, Callable[[], object]] = {
        b"raise": lambda: [][0],
        b"die": lambda: ctypes.string_at(0),
        b"hang": lambda: time.sleep(1000),
        b"burn": lambda: [hashlib.sha256(bytes(1_000_000)).digest() for _ in range(400)],
        b"eat": lambda: bytes(2_000_000_000),
        b"refuse": lambda: int("x"),
    }
    return lambda data: void(deeds.get(data, lambda: None)()), (ValueError,)


def void(_value: object) -> None:
    """Lets a value go."""
