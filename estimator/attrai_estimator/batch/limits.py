"""The limits of one photo among the many of a chunk: its attempts over all deliveries, and its time."""

import faulthandler
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from attrai_shared.errors import TimedOut
from attrai_shared.spool import Spool

MAX_PHOTO_ATTEMPTS = 3
"""A photo is given up once work on it has begun this often without an end."""


class ChunkAttempts:
    """The begun and ended photos of one chunk, noted in the spool: `+3` for photo 3 begun, `-3` for it ended.

    A photo that kills the process each time is thereby known.
    """

    def __init__(self, spool: Spool, run_id: str, chunk: int) -> None:
        self._spool, self._run_id, self._chunk = spool, run_id, chunk
        lines = Counter(spool.marks(run_id, chunk))
        self._unended = {number: count - lines[f"-{number}"] for number, count in _begun(lines)}
        self.interrupted = any(self._unended.values())
        """Whether an earlier delivery ended in the middle of a photo."""

    def given_up(self, photo: int) -> bool:
        """Whether the photo has had all its attempts."""
        return self._unended.get(photo, 0) >= MAX_PHOTO_ATTEMPTS

    def begin(self, photo: int) -> None:
        self._spool.mark(self._run_id, self._chunk, f"+{photo}")

    def end(self, photos: Sequence[int]) -> None:
        """Note that work on the photos ended. A photo that was given up was not begun, and stays given up."""
        begun = [photo for photo in photos if not self.given_up(photo)]
        if begun:
            self._spool.mark(self._run_id, self._chunk, "\n".join(f"-{photo}" for photo in begun))


@contextmanager
def time_limit(soft: float, hard: float) -> Iterator[None]:
    """Raise TimedOut after `soft` seconds; end the process with status 1 after `hard` seconds. Main thread only."""
    before = signal.signal(signal.SIGALRM, _raise_timed_out)
    signal.setitimer(signal.ITIMER_REAL, soft)
    faulthandler.dump_traceback_later(hard, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _begun(lines: Counter[str]) -> list[tuple[int, int]]:
    return [(int(line[1:]), count) for line, count in lines.items() if line.startswith("+")]


def _raise_timed_out(_: int, __: FrameType | None) -> None:
    raise TimedOut("the photo took longer than its time limit")
