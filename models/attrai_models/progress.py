"""Prints the progress of a long job and the time left."""

import sys
import time


class Progress:
    """Counts `total` steps of a job; prints at most one line each `interval_s` seconds."""

    def __init__(self, job: str, total: int, interval_s: float = 15.0) -> None:
        self._job, self._total, self._interval_s = job, total, interval_s
        self._done, self._started = 0, time.monotonic()
        self._last = self._started

    def advance(self, note: str = "", steps: int = 1) -> None:
        """Count finished steps; `note` is printed after the figures."""
        self._done += steps
        now = time.monotonic()
        if now - self._last < self._interval_s and self._done < self._total:
            return
        self._last = now
        left = (now - self._started) / self._done * (self._total - self._done)
        sys.stderr.write(f"{self._job}: {self._done}/{self._total}, {left / 60:.1f} min left {note}\n")
