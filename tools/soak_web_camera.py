"""`python -m tools.soak_web_camera`: a camera's web server whose pictures are numbered, as JPEGs in one endless answer.

A process of its own, so that the soak can kill, stop and start it again. Each viewer gets pictures counted from 0; some
arrive damaged, as a function of their number: in spells (numbered_spells.py), and now and then a single one.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import socket
import threading
import time

import cv2
import numpy as np

from stream.sources.numbered import Wish, wish_in
from stream.sources.numbered_picture import draw, is_bad
from stream.sources.numbered_spells import DAMAGED, spell_at

BOUNDARY = "numbered"
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\r\n".encode()
REQUEST_MAX = 8192
VIEWERS_MAX = 16
SENT_S = 5.0  # a viewer that takes nothing for so long is let go
SINGLE_SHARE = 0.03  # of the pictures outside spells
EXAMPLE = """example:
  python -m tools.soak_web_camera --port 8099 --name belt --wish 'numbered:?size=320x240&fps=5&spell=damaged-8-18-50'"""


def is_damaged(wish: Wish, camera: str, number: int) -> bool:
    """Whether that picture is sent damaged: in a spell, or where the first 8 bytes of SHA-256 over
    `SEED|CAMERA|NUMBER|damaged`, as a share of 2**64, are below SINGLE_SHARE."""
    digest = hashlib.sha256(f"{wish.seed}|{camera}|{number}|damaged".encode()).digest()
    single = int.from_bytes(digest[:8], "big") < SINGLE_SHARE * 2**64
    return single or spell_at(wish.spells, number) == DAMAGED


def body(wish: Wish, camera: str, number: int) -> bytes:
    """The JPEG as it is sent."""
    picture = draw(number, wish.width, wish.height, bad=is_bad(wish.seed, camera, number, wish.bad))
    whole = jpeg_of(picture)
    return damaged(whole, number) if is_damaged(wish, camera, number) else whole


def jpeg_of(picture: np.ndarray) -> bytes:
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return encoded.tobytes()


def damaged(jpeg: bytes, number: int) -> bytes:
    """Cut short; with a hole that a whole end hides; noise from a third on; or nothing of a picture at all."""
    noise, third = random.Random(number), len(jpeg) // 3
    ways = (
        lambda: jpeg[: len(jpeg) // 2],
        lambda: jpeg[: len(jpeg) // 2] + b"\xff\xd9",
        lambda: jpeg[:third] + noise.randbytes(len(jpeg) - third - 2) + b"\xff\xd9",
        lambda: noise.randbytes(third),
    )
    return ways[number % len(ways)]()


def serve(port: int, camera: str, wish: Wish) -> None:
    """For ever. Raises OSError where the port is taken."""
    places = threading.BoundedSemaphore(VIEWERS_MAX)
    with socket.create_server(("127.0.0.1", port)) as listening:
        while True:
            connection, _ = listening.accept()
            places.acquire()
            threading.Thread(target=_show, args=(connection, camera, wish, places), daemon=True).start()


def _show(connection: socket.socket, camera: str, wish: Wish, places: threading.BoundedSemaphore) -> None:
    """One viewer, until it goes."""
    with contextlib.suppress(OSError), connection:
        connection.settimeout(SENT_S)
        request = b""
        while b"\r\n\r\n" not in request and len(request) < REQUEST_MAX and (piece := connection.recv(4096)):
            request += piece
        if b"\r\n\r\n" in request:
            connection.sendall(HEAD)
            _stream(connection, camera, wish)
    places.release()


def _stream(connection: socket.socket, camera: str, wish: Wish) -> None:
    """Never in a burst, as the numbered camera."""
    number, due_s = 0, time.monotonic()
    while True:
        due_s = max(due_s, time.monotonic() - 1 / wish.fps)
        time.sleep(max(0.0, due_s - time.monotonic()))
        jpeg = body(wish, camera, number)
        told = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        connection.sendall(told.encode() + jpeg + b"\r\n")
        number, due_s = number + 1, due_s + 1 / wish.fps


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak_web_camera",
        description="A camera's web server with numbered pictures, some of them damaged.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="on loopback")
    parser.add_argument("--name", required=True, help="of the camera: part of what decides which pictures are BAD")
    parser.add_argument("--wish", required=True, help="size, pace and spells, as a `numbered:` address has them")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    serve(arguments.port, arguments.name, wish_in(arguments.wish))


if __name__ == "__main__":
    main()
