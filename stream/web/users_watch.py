"""The file of users while the page is served: looked at again and again, believed or not.

One that cannot be believed any more leaves the users before it in force, and is an alarm: a slip of the hand must not
put everybody out who is needed to mend it.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from stream.web.users import UsersError, read_users

log = logging.getLogger("linewatch.page")


class UsersWatch:
    """The users as the file names them now."""

    def __init__(self, file: Path, threads: Executor) -> None:
        """`threads`: not those of other work, behind which whoever was removed would stay. Raises UsersError."""
        self._threads = threads
        self.trouble = ""  # what is wrong with the file now
        self._file = file
        self._seen = _signature(file)
        self.users = read_users(file)

    async def look(self) -> None:
        """Takes what has changed; in a thread, for the file may lie on a disk that hangs."""
        loop = asyncio.get_running_loop()
        signature = await loop.run_in_executor(self._threads, _signature, self._file)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self.users, self.trouble = await loop.run_in_executor(self._threads, read_users, self._file), ""
            log.info("%s: read again, %d users", self._file, len(self.users))
        except UsersError as error:
            self.trouble = f"Users of the page: {error}; until then those before hold"
            log.warning("%s", self.trouble)


def _signature(path: Path) -> tuple[int, ...]:
    """Another one whenever the file may be another; rights and owner count, for they decide whether it is believed."""
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode, found.st_uid)
