"""One thread for each replica, whatever the host has: the libraries beneath are told so before they load."""

import os

from pillow_heif import options

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""They are read when the libraries load, so this must come before the first import of numpy or of a network runtime."""


def use_one_thread() -> None:
    """Bind this process and its children to one computing thread."""
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    options.DECODE_THREADS = 1
