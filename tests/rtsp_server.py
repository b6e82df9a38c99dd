#!/usr/bin/python3
"""A camera that speaks RTSP: sends a recording over and over. Runs with the system's Python, for GStreamer's sake.

/usr/bin/python3 tests/rtsp_server.py --file belt.mp4 --user admin --password s3cret     prints its port, then serves

Every viewer gets a stream of its own, from frame `--first` on. Nothing is encoded anew, so it costs next to nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

READ = 'filesrc location="{file}" ! qtdemux ! appsink name=frames sync=false'
SEND = "( appsrc name=frames is-live=true format=time block=true max-buffers=2 ! {packed} name=pay0 pt=96 mtu={mtu} )"
PACKED = {"video/x-h264": "rtph264pay", "video/x-h265": "rtph265pay"}
ROLE = "viewer"
SETTLED = 25  # pictures after which a stream plays: its clock has begun


@dataclass(frozen=True)
class Recording:
    """Pictures as they were encoded, and what a decoder must know beforehand."""

    frames: list[bytes]
    caps: Gst.Caps


@dataclass(frozen=True)
class Wish:
    """What is sent."""

    recording: Recording
    fps: float
    first: int  # a viewer begins with this picture, also between two key frames
    once: bool
    damaged: frozenset[int]  # sent with a piece of noise in them
    lost: frozenset[int]  # no packet of them arrives
    torn: frozenset[int]  # their second packet does not arrive
    clock: str | None = None  # file for the monotonic time, ns, at which the newest viewer's first is due


def read_recording(file: str) -> Recording:
    """The pictures of an H.264 or H.265 recording in an mp4. Ends the program where there are none."""
    pipeline = Gst.parse_launch(READ.format(file=file))
    sink = pipeline.get_by_name("frames")
    pipeline.set_state(Gst.State.PLAYING)
    frames, caps = [], None
    while (sample := sink.emit("try-pull-sample", 5 * Gst.SECOND)) is not None:
        buffer, caps = sample.get_buffer(), sample.get_caps()
        frames.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    if caps is None or caps.get_structure(0).get_name() not in PACKED:
        sys.exit(f"{file}: neither H.264 nor H.265 in an mp4")
    # An mp4 may repeat the parameters within its pictures (hev1); the payloader takes them so, and knows it not.
    return Recording(
        frames,
        Gst.Caps.from_string(caps.to_string().replace("stream-format=(string)hev1", "stream-format=(string)hvc1")),
    )


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes a stream for each viewer."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish
        coded = wish.recording.caps.get_structure(0).get_name()
        self.set_launch(SEND.format(packed=PACKED[coded], mtu=300 if wish.torn else 1400))

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name_recurse_up("frames")
        if self._wish.lost or self._wish.torn:
            Network(self._wish).take(media.get_element().get_by_name_recurse_up("pay0").get_static_pad("src"))
        threading.Thread(target=feed, args=(source, self._wish), daemon=True).start()


class Network:
    """Loses packets behind the one that numbers them."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._frame, self._packet = -1, 0
        self._passing = False

    def take(self, pad: Gst.Pad) -> None:
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self._probe)

    def _probe(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        if self._passing:
            return Gst.PadProbeReturn.OK
        several = info.get_buffer_list() if info.type & Gst.PadProbeType.BUFFER_LIST else None
        buffers = [several.get(n) for n in range(several.length())] if several else [info.get_buffer()]
        for buffer in filter(self._arrives, buffers):
            self._passing = True
            pad.push(buffer)
            self._passing = False
        return Gst.PadProbeReturn.DROP

    def _arrives(self, buffer: Gst.Buffer) -> bool:
        frame = round(buffer.pts * self._wish.fps / Gst.SECOND)
        self._packet = self._packet + 1 if frame == self._frame else 0
        self._frame = frame
        return frame not in self._wish.lost and not (frame in self._wish.torn and self._packet == 1)


def feed(source: Gst.Element, wish: Wish) -> None:
    """Pushes picture after picture, until the viewer is gone; the sending end keeps the pace."""
    frames = wish.recording.frames
    source.set_property("caps", wish.recording.caps)
    for number in itertools.count():
        at = wish.first + number
        if wish.once and at >= len(frames):
            source.emit("end-of-stream")
            return
        frame = frames[at % len(frames)]
        buffer = Gst.Buffer.new_wrapped(with_noise(frame) if at in wish.damaged else frame)
        buffer.pts = buffer.dts = round(number / wish.fps * Gst.SECOND)
        buffer.duration = round(Gst.SECOND / wish.fps)
        if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            return
        if wish.clock and number == SETTLED:
            Path(wish.clock).write_text(str(source.get_base_time()))  # GstSystemClock is CLOCK_MONOTONIC


def with_noise(frame: bytes) -> bytes:
    """Its last third is noise without the signs that begin a piece of a picture."""
    length = len(frame) // 3
    return frame[:-length] + bytes(7 * i % 251 + 1 for i in range(length))


def guard(server: GstRtspServer.RTSPServer, factory: Camera, user: str, password: str) -> None:
    """Lets in who knows the password, by digest."""
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    access, construct = GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT
    rights = Gst.Structure.new_from_string(f"{ROLE},{access}=true,{construct}=true")
    factory.add_role_from_structure(rights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", required=True, help="an H.264 or H.265 recording in an mp4, without B-frames")
    parser.add_argument("--port", default="0", help="0: any free one")
    parser.add_argument("--path", default="/belt", help="the stream's name")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--first", type=int, default=0, help="the picture to begin with")
    parser.add_argument("--once", action="store_true", help="end with the recording")
    parser.add_argument("--damaged", type=int, nargs="*", default=[], help="pictures sent with noise in them")
    parser.add_argument("--lost", type=int, nargs="*", default=[], help="pictures of which no packet arrives")
    parser.add_argument("--torn", type=int, nargs="*", default=[], help="pictures of which a packet does not arrive")
    parser.add_argument("--clock", help="file that is told when the newest viewer's first picture was due")
    wanted = parser.parse_args()
    Gst.init(None)
    recording = read_recording(wanted.file)
    lossy = frozenset(wanted.lost), frozenset(wanted.torn)
    wish = Wish(recording, wanted.fps, wanted.first, wanted.once, frozenset(wanted.damaged), *lossy, wanted.clock)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(wanted.port)
    camera = Camera(wish)
    if wanted.user:
        guard(server, camera, wanted.user, wanted.password or "")
    server.get_mount_points().add_factory(wanted.path, camera)
    if not server.attach(None):
        sys.exit(f"port {wanted.port}: cannot listen there")
    print(server.get_bound_port(), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        GLib.MainLoop().run()


if __name__ == "__main__":
    main()
