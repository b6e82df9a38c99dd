"""What a line leaves on a disk is for its own user alone. Knows no setting."""

from __future__ import annotations

import logging
import os
import resource
import stat
from pathlib import Path

log = logging.getLogger("linewatch")
OWNER_ALONE = 0o077


def keep_private() -> None:
    """From now on this process makes files (0600) and folders (0700) that nobody else can open, whatever its umask was.

    And no core file, which would be a copy of all its memory, passwords and all.
    """
    os.umask(OWNER_ALONE)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def close_to_others(folder: Path, mark: str) -> None:
    """Closes a line's folder that an earlier start, or a person, left open to others.

    Only where the file `mark` shows that it is a line's: a folder of other things is warned of, and left as it is.
    """
    try:
        found = folder.stat()
    except OSError:
        return  # it is made closed
    open_to_others = stat.S_IMODE(found.st_mode) & OWNER_ALONE
    if not open_to_others:
        return
    if found.st_uid == os.getuid() and (folder / mark).is_file():
        folder.chmod(0o700)
        log.info("%s: was open to other users of this computer, and is closed now (chmod 700)", folder)
    else:
        log.warning("%s: other users of this computer may enter; close it with: chmod 700 %s", folder, folder)
