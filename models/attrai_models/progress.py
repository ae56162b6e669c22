"""A line on the console, now and then, that says how far a long job is and how long it will take."""

import sys
import time


class Progress:
    """Counts `total` steps of a job; writes at most one line each `interval` seconds."""

    def __init__(self, job: str, total: int, interval: float = 15.0) -> None:
        self._job, self._total, self._interval = job, total, interval
        self._done, self._started = 0, time.monotonic()
        self._last = self._started

    def advance(self, note: str = "", steps: int = 1) -> None:
        """So many steps more are done; `note` follows the figures."""
        self._done += steps
        now = time.monotonic()
        if now - self._last < self._interval and self._done < self._total:
            return
        self._last = now
        left = (now - self._started) / self._done * (self._total - self._done)
        sys.stderr.write(f"{self._job}: {self._done}/{self._total}, {left / 60:.1f} min left {note}\n")
