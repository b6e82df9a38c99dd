"""What is freed is used again: pages that the kernel has to fill anew are counted, in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

from tests.needs import need

STEPS, PAGES_EACH = 20, 8192  # 32 MiB of 4 KiB: more than malloc keeps by itself
CHILD = f"""
import ctypes, resource, sys
if sys.argv[1] == "kept":
    from tools.heap import keep_freed_memory
    assert keep_freed_memory()
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def step():
    there = [libc.malloc({PAGES_EACH} * 4096) for _ in range(2)]
    for block in there:
        ctypes.memset(block, 1, {PAGES_EACH} * 4096)
    for block in there:
        libc.free(block)
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({STEPS}):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", CHILD, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_freed_memory_is_used_again_and_not_asked_of_the_kernel() -> None:
    need(platform.libc_ver()[0] == "glibc", "mallopt is glibc's")
    assert faults("plain") > STEPS * 2  # else there would be nothing to win, and the next line would say nothing
    assert faults("kept") < STEPS * 2
