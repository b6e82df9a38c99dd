"""What waits between two commits: the next transaction, the answers that may leave once it is on disk. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.acts import ANOTHER, refusal_of, same
from stream.log_batch import Batch
from stream.messages import Act, Key, Message, Noted

REPLIES_MAX = 20_000  # answers that wait for a disk that refuses; past it none is kept: what is asked again is answered
ACTS_MAX = 1000  # that wait for a disk that refuses; past it none is taken, and its sender says it again


@dataclass(frozen=True)
class Reply:
    """An answer that may leave only when the batch it belongs to is on disk."""

    to: str  # a capture's or an inspector's name on the recorder's socket
    message: Message


@dataclass
class Staged:
    """The next transaction, and what follows it."""

    batch: Batch = field(default_factory=Batch)
    replies: list[Reply] = field(default_factory=list)
    said: set[Reply] = field(default_factory=set)  # an answer leaves once, however often it was asked for meanwhile
    outdated: list[str] = field(default_factory=list)  # evidence folders that no row will point to
    askers: dict[str, set[bytes]] = field(default_factory=dict)  # who waits to hear of an act, by its id
    early: list[tuple[str, Key]] = field(default_factory=list)  # frames whose pixels could be let go before the commit

    def __bool__(self) -> bool:
        return bool(self.batch) or bool(self.replies)

    def join(self, newer: Staged) -> None:
        """What came later goes with it."""
        mine = self.batch.acts
        other = {id_ for id_, act in newer.batch.acts.items() if id_ in mine and not same(act, mine[id_])}
        self.batch.join(newer.batch)
        self.replies += [reply for reply in newer.replies if reply not in self.said]
        self.said |= newer.said
        self.outdated += newer.outdated
        self.early += newer.early
        for id_, askers in newer.askers.items():
            if id_ not in other:  # who gave its id to another act asks again, and is refused
                self.askers.setdefault(id_, set()).update(askers)

    def act(self, act: Act, asker: bytes = b"") -> Noted | None:
        """An act for the audit; what is refused at once is answered at once. `asker`: who hears of it."""
        if refusal := refusal_of(act):
            return Noted(act.id, False, refusal)
        staged = self.batch.acts
        if act.id in staged and not same(act, staged[act.id]):
            return Noted(act.id, False, ANOTHER)
        if act.id in staged or len(staged) < ACTS_MAX:
            staged.setdefault(act.id, act)
            if asker:
                self.askers.setdefault(act.id, set()).add(asker)
        return None

    def noted(self) -> list[tuple[bytes, Noted]]:
        """What became of the acts, once they are written, each for whoever asked."""
        return [(asker, noted) for noted in self.batch.noted for asker in sorted(self.askers.get(noted.id, ()))]

    def answer(self, reply: Reply) -> None:
        """Once all of this is on disk."""
        if reply not in self.said and len(self.replies) < REPLIES_MAX:
            self.said.add(reply)
            self.replies.append(reply)

    def early_releases(self) -> dict[str, tuple[Key, ...]]:
        """The disk refuses: frames whose verdict waits in memory and whose pixels nobody needs, by camera, once."""
        by_camera: dict[str, list[Key]] = {}
        for camera, key in self.early:
            by_camera.setdefault(camera, []).append(key)
        self.early.clear()
        return {camera: tuple(keys) for camera, keys in by_camera.items()}


def capture_name(camera: str) -> str:
    """A capture's name on the recorder's socket."""
    return f"capture {camera}"
