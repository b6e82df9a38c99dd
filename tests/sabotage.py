"""Runs the line with one function of one role spoilt: what the soak's checker must find. Knows no check.

    SCRIPT -m stream run FILE …

where SCRIPT is what `spoilt_python` wrote: it stands where a Python would, also for the roles that the supervisor
starts, and runs this module, which spoils and then does what was asked. The line itself has no switch for it.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SLOW_S = 0.5  # a commit takes so long
JUDGING_S = 0.12  # one verdict takes so long, of a camera that sends a picture in 0.04
COMMITTING = "committing"  # a file in data_dir: a transaction is on its way, and has been for a while


def spoilt_python(folder: Path, *spoils: str) -> str:
    """A program to run the line with in place of Python; each word is a key of SPOILS."""
    script = folder / "spoilt-python"
    module = Path(__file__).resolve()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{module}" "{script}" "{",".join(spoils)}" "$@"\n')
    script.chmod(0o700)
    return str(script)


def slow_commits() -> None:
    """No sabotage: a disk that takes its time, and says when. Every line here has it, the healthy one, too."""
    from stream.defect_log import Batch, DefectLog

    write = DefectLog.write

    def slowly(self: DefectLog, batch: Batch) -> None:
        time.sleep(SLOW_S / 2)
        said = self.path.with_name(COMMITTING)
        said.touch()
        time.sleep(SLOW_S / 2)
        write(self, batch)
        said.unlink()

    DefectLog.write = slowly  # type: ignore[method-assign]


def acknowledge_before_commit() -> None:
    """The recorder answers when a transaction begins, not when it is on disk."""
    from stream.bookkeeping import Bookkeeping, Staged
    from stream.committing import Committer

    step = Committer.step

    def hasty(self: Committer, books: Bookkeeping) -> Staged | None:
        before = self._writing
        step(self, books)
        return self._writing.staged if self._writing is not None and self._writing is not before else None

    Committer.step = hasty  # type: ignore[method-assign]


def done_before_acknowledged() -> None:
    """A capture lets go of a picture when its inspector is done with it, not when the recorder has its verdict."""
    from collections.abc import Iterable

    from stream.messages import Key
    from stream.slots import Slots

    def hasty(self: Slots, keys: Iterable[Key], now_mono_ns: int) -> None:
        for key in list(keys):
            self.release(key)

    Slots.judged = hasty  # type: ignore[method-assign]


def slow_judging() -> None:
    """No sabotage either: an inspector that is slower than its camera, on a computer of whatever speed."""
    from detector.by_region import RegionJudge

    judge = RegionJudge.judge

    def slowly(self: RegionJudge, *given: Any) -> Any:
        time.sleep(JUDGING_S)
        return judge(self, *given)

    RegionJudge.judge = slowly  # type: ignore[method-assign,assignment]


def slow_decoding() -> None:
    """Nor this: a capture that decodes more slowly than its RTSP camera sends."""
    from stream.sources.rtsp_pictures import RtspPictures

    decoded = RtspPictures._decoded

    def slowly(self: RtspPictures, *given: Any) -> Any:
        time.sleep(JUDGING_S)
        return decoded(self, *given)

    RtspPictures._decoded = slowly  # type: ignore[method-assign]


def unfired_orders() -> None:
    """Nor is this: a camera that takes what is ordered, and whose picture is still to come."""
    from stream.sources import industrial

    def waiting(self: industrial._Watch) -> None:
        while not self._closed.wait(0.1):
            self._opened.look()

    industrial._Watch._ordered = waiting  # type: ignore[method-assign]


SPOILS: dict[str, Callable[[], None]] = {
    "slow_commits": slow_commits,
    "acknowledge_before_commit": acknowledge_before_commit,
    "slow_judging": slow_judging,
    "slow_decoding": slow_decoding,
    "unfired_orders": unfired_orders,
    "done_before_acknowledged": done_before_acknowledged,
}


def main() -> None:
    script, spoils, dash_m, module, *words = sys.argv[1:]
    assert dash_m == "-m", "stands where `python -m` would"
    sys.path[0] = str(ROOT)
    sys.executable = script
    for name in spoils.split(","):
        SPOILS[name]()
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
