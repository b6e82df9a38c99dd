"""Memory that is freed stays with this process, to be used again: for training on a CPU.

Every step frees and asks again for hundreds of tensors of some megabytes. glibc gives such back to the kernel, which
fills the pages with zeros before it lends them anew: of a step of `edge`'s classifier that took two
fifths (docs/training.md). Another C library is left as it is.
"""

from __future__ import annotations

import ctypes

# malloc.h, "SVID2/XPG mallopt options": numbers that cannot change, for programs are built with them.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_NEVER = -1  # as size_t the largest number
_AT_ONCE = 256 << 20  # bytes by which the heap grows


def keep_freed_memory() -> bool:
    """From now on freed memory is kept until the process ends. Gives whether this C library can."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    wishes = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _AT_ONCE))
    return all([mallopt(name, value) == 1 for name, value in wishes])
