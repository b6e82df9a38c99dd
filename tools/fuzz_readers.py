"""What reads files and bytes from outside, each with the errors that it documents. One entry a target.

A target's corpus lies in tests/corpus/NAME/: files named `seed-…` are whole, those named `found-…` broke it once. All
of them are cases themselves, before any that is drawn from them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import fuzz_attempts
from .fuzz_attempts import Opened
from .fuzz_case import CORPUS
from .fuzz_messages import KINDS, broken
from .fuzz_mutation import Stock, draw, mutated

Made = Callable[[random.Random, Stock], bytes]


@dataclass(frozen=True)
class Reader:
    """A target."""

    name: str
    open: Callable[[Path], Opened]  # in the process that tries, with a folder of its own
    words: Sequence[bytes] = ()
    made: Made = mutated
    limit_s: float = 2.0  # of processor time, for one case
    memory_mb: int = 1024  # beyond what the process has once it is opened

    def stock(self) -> Stock:
        files = sorted((CORPUS / self.name).glob("*"))
        return Stock(tuple(file.read_bytes() for file in files if file.suffix != ".txt"), self.words)

    def case(self, stock: Stock, seed: int, number: int) -> bytes:
        """The case of that number: the corpus first, then what is drawn."""
        if number < len(stock.seeds):
            return stock.seeds[number]
        return self.made(draw(self.name, seed, number), stock)


def _any_message(chance: random.Random, stock: Stock) -> bytes:
    return broken(chance, chance.choice(KINDS)) if chance.random() < 0.8 else mutated(chance, stock)


YAML_WORDS = (
    b"cameras:", b"source:", b"belt:", b"data_dir:", b"display:", b"inspector:", b"policy:", b"newest", b"fps:",
    b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system", b"[", b"{", b"- ", b"'", b'"', b"|\n", b"\t", b"\n",
    b"null", b"~", b"yes", b"1e400", b"\x00", b"\xff", b"\xe2\x80\xa8", b"---\n", b"...\n", b"%YAML 9.9\n",
    b"rtsp://u:p@h/", b"synthetic:?size=9x9", b"../../..", b"region: [0, 0, 9, 9]", b"? ", b"#", b"!<tag:x> ",
)  # fmt: skip
BUNDLE_WORDS = (
    *YAML_WORDS, b"../secret.onnx", b"/etc/passwd", b"classifier:", b"golden:", b"sha256:", b"file:", b"2001-99-99",
    b".nan", b"[64, 64]", b"stretch", b"pad",
)  # fmt: skip
JSON_WORDS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"null",
    b"1e400",
    b"NaN",
    b"\\ud800",
    b"\x00",
    b"../..",
    b'"bundle":',
    b"[" * 2000,
)
READERS = (
    Reader("wire", fuzz_attempts.wire, made=_any_message),
    Reader("mask", fuzz_attempts.mask, limit_s=4.0),
    Reader("bundle", fuzz_attempts.bundle, BUNDLE_WORDS),
    Reader("onnx", fuzz_attempts.onnx, (b"external", b"com.evil", b"Conv", b"Loop", b"\x7a", b"\x22"), limit_s=10.0),
    Reader("yaml", fuzz_attempts.yaml, YAML_WORDS),
    Reader("live", fuzz_attempts.live, JSON_WORDS),
    Reader("promotions", fuzz_attempts.promotions, JSON_WORDS),
    Reader("truth", fuzz_attempts.truth, (*JSON_WORDS, b'"parts":', b'"format": 1')),
    Reader(
        "index",
        fuzz_attempts.index,
        (b"file", b"group", b",", b'"', b"\n", b"\r", b"\x00", b"good/", b"../", b"x" * 200_000),
    ),
    Reader("picture", fuzz_attempts.picture, limit_s=20.0, memory_mb=2048),
    Reader(
        "video",
        fuzz_attempts.video,
        (b"moov", b"mdat", b"stco", b"stsz", b"avc1", b"ftyp", b"trak"),
        limit_s=20.0,
        memory_mb=2048,
    ),
    Reader(
        "mjpeg",
        fuzz_attempts.mjpeg,
        (
            b"--belt\r\n",
            b"--belt--",
            b"\r\n\r\n",
            b"Content-Length: ",
            b"X-Timestamp: ",
            b"\xff\xd8",
            b"\xff\xd9",
            b"\xff\xda",
        ),
        limit_s=10.0,
        memory_mb=2048,
    ),
    Reader(
        "web-login",
        fuzz_attempts.web_login,
        (b"Digest ", b"Basic ", b'nonce="', b'qop="auth"', b"algorithm=", b"\n", b"//", b"["),
    ),
    Reader(
        "h264", fuzz_attempts.h264, (b"\0\0\1\x67", b"\0\0\1\x68", b"\0\0\1\x41", b"\0\0\1\x65", b"\xff\xff", b"\0\0\3")
    ),
    Reader("taken", fuzz_attempts.taken, (*JSON_WORDS, b'"placed":', b'"back":', b'"mount":', b'"file":', b"\n")),
    Reader("ring", fuzz_attempts.ring),
    Reader("part-name", fuzz_attempts.part_name, (*JSON_WORDS, b'"part":', b"=1+1", b"#", b"\n")),
    Reader(
        "act",
        fuzz_attempts.act,
        (*JSON_WORDS, b'"boxes":', b'"comment":', b"belt/1/5", b"pin\n", b"review\n", b"x" * 70_000),
    ),
    Reader("page-word", fuzz_attempts.page_word, JSON_WORDS),
)


SELF_TEST = Reader("self-test", fuzz_attempts.self_test, limit_s=0.2)


def reader(name: str) -> Reader:
    """The target of that name. Raises KeyError."""
    return {one.name: one for one in (*READERS, SELF_TEST)}[name]
