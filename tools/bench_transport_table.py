"""Every way of sending pictures in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .bench_transport_peers import (
    ImageZmqReader,
    ImageZmqSender,
    NetGearReader,
    NetGearSender,
    PlainReader,
    PlainSender,
)
from .bench_transport_ways import (
    CopyingSender,
    LeasedReader,
    LeasedSender,
    Meeting,
    NotedReader,
    PublishingSender,
    Reader,
    Sender,
)


@dataclass(frozen=True)
class Way:
    """A sender and the readers that belong to it."""

    sender: Callable[[Meeting], Sender]
    reader: Callable[[Meeting, int], Reader] | None  # of the reader's index; None: nobody reads
    library: str | None = None  # as it is named where it comes from; None: always there
    calls: bool = False  # readers must have heard a call before the first picture: what is sent to nobody is lost


OURS, OURS_TO_MANY = "ring and lease", "ring and notes"
IMAGEZMQ, IMAGEZMQ_PUB = "imagezmq REQ/REP", "imagezmq PUB/SUB"
MEMCPY = "one memcpy, no reader"

WAYS: dict[str, Way] = {
    OURS: Way(LeasedSender, LeasedReader),
    OURS_TO_MANY: Way(PublishingSender, NotedReader, calls=True),
    IMAGEZMQ: Way(
        partial(ImageZmqSender, answered=True), lambda meeting, _: ImageZmqReader(meeting, answered=True), "imagezmq"
    ),
    IMAGEZMQ_PUB: Way(
        partial(ImageZmqSender, answered=False),
        lambda meeting, _: ImageZmqReader(meeting, answered=False),
        "imagezmq",
        calls=True,
    ),
    "NetGear REQ/REP": Way(NetGearSender, lambda meeting, _: NetGearReader(meeting), "vidgear"),
    "pyzmq, copied": Way(partial(PlainSender, copy=True), lambda meeting, _: PlainReader(meeting, copy=True)),
    "pyzmq, copy=False": Way(partial(PlainSender, copy=False), lambda meeting, _: PlainReader(meeting, copy=False)),
    MEMCPY: Way(CopyingSender, None),
}
