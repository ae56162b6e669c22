"""Settings of a whole process, made before numpy or a network runtime loads. Child processes inherit them."""

import ctypes
import os
import sys

from pillow_heif import options

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Libraries read them once, when they load."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's numbers for `mallopt`; see mallopt(3)."""
TRIM_THRESHOLD_BYTES = 512 << 20
"""The heap keeps up to this much free memory at its end."""
MMAP_THRESHOLD_BYTES = 32 << 20
"""Larger blocks come from the kernel each time. This is the largest value that glibc allows."""


def use_one_thread() -> None:
    """Compute on one thread, whatever the host has. Call it before the first import of numpy or a network runtime."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    options.DECODE_THREADS = 1


def keep_freed_memory() -> None:
    """Reuse freed memory instead of returning it to the kernel after every photo.

    The process then stays at the size of its largest photo. C libraries other than glibc are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES)
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)


def run_when_idle() -> None:
    """Run only when no other process wants the processor (SCHED_IDLE, see sched(7)); nice 19 on other systems."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)
