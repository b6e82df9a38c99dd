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

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

READ = 'filesrc location="{file}" ! qtdemux ! appsink name=frames sync=false'
SEND = "( appsrc name=frames is-live=true format=time block=true max-buffers=2 ! rtph264pay name=pay0 pt=96 )"
ROLE = "viewer"


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


def read_recording(file: str) -> Recording:
    """The pictures of an H.264 recording in an mp4. Ends the program where there are none."""
    pipeline = Gst.parse_launch(READ.format(file=file))
    sink = pipeline.get_by_name("frames")
    pipeline.set_state(Gst.State.PLAYING)
    frames, caps = [], None
    while (sample := sink.emit("try-pull-sample", 5 * Gst.SECOND)) is not None:
        buffer, caps = sample.get_buffer(), sample.get_caps()
        frames.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    if caps is None or caps.get_structure(0).get_name() != "video/x-h264":
        sys.exit(f"{file}: not an H.264 recording in an mp4")
    return Recording(frames, caps)


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes a stream for each viewer."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish
        self.set_launch(SEND)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name_recurse_up("frames")
        threading.Thread(target=feed, args=(source, self._wish), daemon=True).start()


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
    parser.add_argument("--file", required=True, help="an H.264 recording in an mp4, without B-frames")
    parser.add_argument("--port", default="0", help="0: any free one")
    parser.add_argument("--path", default="/belt", help="the stream's name")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--first", type=int, default=0, help="the picture to begin with")
    parser.add_argument("--once", action="store_true", help="end with the recording")
    parser.add_argument("--damaged", type=int, nargs="*", default=[], help="pictures sent with noise in them")
    wanted = parser.parse_args()
    Gst.init(None)
    recording = read_recording(wanted.file)
    wish = Wish(recording, wanted.fps, wanted.first, wanted.once, frozenset(wanted.damaged))
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
