"""Time limits of one photo among many: a soft one that Python can raise, and a hard one that ends the process whatever holds it."""

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from attrai_shared.errors import TimedOut


@contextmanager
def limited(soft: float, hard: float) -> Iterator[None]:
    """Raises TimedOut after `soft` seconds; after `hard` ones the process ends with status 1. For the main thread alone."""
    before = signal.signal(signal.SIGALRM, _raise_timed_out)
    signal.setitimer(signal.ITIMER_REAL, soft)
    faulthandler.dump_traceback_later(hard, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _raise_timed_out(_: int, __: FrameType | None) -> None:
    raise TimedOut("the photo took longer than its time limit")
