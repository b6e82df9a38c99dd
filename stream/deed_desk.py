"""What was done beside the page and stands in files of its own: promotions and chosen recipes enter the audit.

The recorder reads the files, so nothing is lost that was done while it was away; an act that is there already is known
by its id. Knows files and books; no socket.
"""

from __future__ import annotations

import logging
import os
import pwd
from collections.abc import Callable
from pathlib import Path

from stream import chosen_recipe, promotions
from stream.bookkeeping import Bookkeeping
from stream.deeds import promote_act, recipe_act
from stream.live_bundle import bundles_folder
from stream.messages import Act
from stream.promotions import Entry

log = logging.getLogger("linewatch")
LOOK_S = 1.0
NEWEST = 500  # of a file, that are looked at


class DeedDesk:
    """Looks at the files now and then."""

    def __init__(self, data_dir: Path, books: Bookkeeping) -> None:
        self._books = books
        bundles = bundles_folder(data_dir)
        self._files: dict[Path, Callable[[], list[Act]]] = {
            bundles / promotions.FILE: lambda: [promote_act(entry) for entry in promotions.history(bundles)],
            data_dir / chosen_recipe.RECORD: lambda: [recipe_act(one) for one in chosen_recipe.history(data_dir)],
        }
        self._seen: dict[Path, tuple[int, int]] = {}
        self._look_at_s = 0.0

    def step(self, now_s: float) -> None:
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_S
        self.look()

    def look(self) -> None:
        """What is new in them is staged."""
        for path, acts in self._files.items():
            try:
                found = path.stat()
                mark = found.st_mtime_ns, found.st_size
                if self._seen.get(path) == mark:
                    continue
                for act in acts()[-NEWEST:]:
                    self._books.act(act)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("%s: cannot be read for the audit: %s", path, error)
                continue
            self._seen[path] = mark


def who_promoted(data_dir: Path, bundle: str) -> Entry | None:
    """The newest entry that put this bundle live; None where there is none, or it cannot be read."""
    try:
        entries = promotions.history(bundles_folder(data_dir))
    except OSError:
        return None
    return next((entry for entry in reversed(entries) if entry.after == bundle), None)


def user_name() -> str:
    """The user that the line runs as, by name where it has one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
