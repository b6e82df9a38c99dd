"""Memory of pictures goes back to the system as soon as they are done with, instead of staying with the process."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3  # malloc.h
PICTURE_BYTES = 1 << 20  # what is larger has pages of its own


def give_back_pictures() -> None:
    """From now on each large block is mapped for itself, and unmapped when it is freed. Nothing without GNU's libc.

    glibc raises the size from which it does so to that of the largest block freed so far (mallopt(3)), and keeps what
    lies below: a process that once had twenty pictures in hand would have their memory for ever. It costs the clearing
    of fresh pages, about 1 ms for a 1080p picture; so this is for roles that seldom take one.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, PICTURE_BYTES)
