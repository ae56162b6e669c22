"""Memory that is freed stays with the process: the C library is told so before the first photo."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""glibc's numbers for `mallopt`."""
KEPT, LARGEST_KEPT = 512 << 20, 32 << 20
"""Bytes at the heap's end that are not given back, and the size from which memory is asked of the kernel each time (glibc's most)."""


def keep_freed_memory() -> None:
    """Let this process and its children use freed memory again rather than give it back and ask anew, photo by photo.

    Its size then stays that of the largest photo so far instead of going up and down. Other C libraries than glibc are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM_THRESHOLD, KEPT)
        mallopt(MMAP_THRESHOLD, LARGEST_KEPT)
