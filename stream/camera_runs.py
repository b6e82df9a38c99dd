"""The runs of one camera that the recorder has yet to confirm: how each is named, and what its account begins with.

Knows no lock and no ring: the desk has them.
"""

from __future__ import annotations

import time

from stream.messages import CHALLENGE_SOURCE
from stream.ring_layout import RunEntry
from stream.run_account import RunAccount
from stream.settings import CameraSettings


class CameraRuns:
    """Their accounts, by run."""

    def __init__(self, camera: CameraSettings, session: str, source: str) -> None:
        """`source` is the address without its password."""
        self.accounts: dict[int, RunAccount] = {}
        self._camera = camera
        self._session = session
        self._source = source

    def new_name(self) -> int:
        """The microsecond (UTC) of now; later than that of any run that is known."""
        return max([time.time_ns() // 1000, *(known + 1 for known in self.accounts)])

    def begin(self) -> RunAccount:
        """A run that begins now."""
        run = self.new_name()
        account = self.accounts[run] = self._account(run, self._session)
        return account

    def challenge(self, run: int, name: str) -> RunAccount:
        """The run of a stored picture of that name."""
        account = RunAccount(
            self._camera.name,
            run,
            self._session,
            f"{CHALLENGE_SOURCE}{name}",
            self._camera.live,
            captured=1,
            challenge=True,
        )
        self.accounts[run] = account
        return account

    def without_pictures(self, run: int, session: str, note: str) -> RunAccount:
        """A run that has ended and had no picture; `note` says why. The same one where it is known."""
        account = self.accounts.setdefault(run, self._account(run, session))
        account.ended, account.note = True, note
        return account

    def adopt(self, entry: RunEntry) -> None:
        """A run that a dead capture left: of several rings that tell of it, the one that it came furthest in counts."""
        known = self.accounts.get(entry.run)
        if known is None or entry.captured >= known.captured:
            self.accounts[entry.run] = RunAccount(
                self._camera.name,
                entry.run,
                entry.session,
                CHALLENGE_SOURCE if entry.challenge else self._source,
                self._camera.live,
                captured=entry.captured,
                lost=entry.lost,
                ended=entry.ended,
                challenge=entry.challenge,
                recalled=False,
                serial=time.monotonic_ns(),  # a late answer to the dead capture must confirm nothing of this one
            )

    def resumable(self) -> RunAccount | None:
        """The run of a recording that a dead capture left unfinished in this session; None where there is none."""
        if self._camera.live:
            return None
        mine = [account for account in self._mine() if not account.ended]
        return max(mine, key=lambda account: account.run) if mine else None

    def over(self) -> bool:
        """Whether this session has come to the end of its recording, and the recorder has yet to confirm it."""
        return any(account.ended for account in self._mine()) and not self._camera.live

    def _mine(self) -> list[RunAccount]:
        """Those of this session's pictures."""
        return [a for a in self.accounts.values() if a.session == self._session and not a.challenge]

    def _account(self, run: int, session: str) -> RunAccount:
        return RunAccount(self._camera.name, run, session, self._source, self._camera.live)
