"""What the recorder answers: an acknowledgement and a release once it is on disk, and a release where the disk refuses.

A frame that a film still needs is released with the commit after it.
"""

from __future__ import annotations

from functools import partial

from stream.bookkeeping import Bookkeeping
from stream.committing import Committer
from stream.evidence_desk import EvidenceDesk
from stream.filming import Filming
from stream.kept_back import KeptBack
from stream.links import Link
from stream.messages import Release
from stream.staged import Staged, capture_name


class Acknowledging:
    """The answers to inspectors and captures."""

    def __init__(self, peers: Link, books: Bookkeeping, filming: Filming, kept_back: KeptBack) -> None:
        self._peers = peers
        self._books = books
        self._filming = filming
        self._kept_back = kept_back

    def written(self, staged: Staged) -> None:
        """What is on disk may be acknowledged, and released where no film waits for it."""
        for asker, noted in staged.noted():
            self._peers.send(noted, to=asker)
        waiting = self._filming.waiting()
        for reply in staged.replies:
            message = reply.message
            if isinstance(message, Release) and any((message.camera, key) in waiting for key in message.keys):
                self._books.staged.replies.append(reply)  # with the next commit, when the film has the frame
            else:
                self._peers.send(message, to=reply.to.encode())
                if isinstance(message, Release):
                    self._kept_back.committed(message.camera, message.keys)

    def release_early(self, committer: Committer, evidence: EvidenceDesk) -> None:
        """The disk refuses or stalls: inspection goes on with the slots of frames whose pixels nobody needs."""
        filmed = self._filming.waiting()
        for camera, keys in committer.early_releases(self._books).items():
            unfilmed = [key for key in keys if (camera, key) not in filmed]
            bad = partial(self._books.is_bad, camera)
            free = self._kept_back.let_go(camera, unfilmed, bad, evidence.held(camera))
            if not free:
                continue
            release = Release(camera, free, committed=False, recorder=self._books.recorder)
            self._peers.send(release, to=capture_name(camera).encode())
