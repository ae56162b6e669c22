"""One way of doing photos, measured: the clock from start to end, the clock while photos were at it, and the CPU time of all processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class BatchTiming:
    """So many photos: `wall` seconds from start to end, `work` of which photos were at it, `cpu` seconds of all processes."""

    photos: int
    wall: float
    work: float
    cpu: float

    @property
    def rate(self) -> float:
        """Photos a second, from start to end."""
        return self.photos / self.wall

    @property
    def working_rate(self) -> float:
        """Photos a second while photos were at it."""
        return self.photos / self.work

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of one core for a photo."""
        return 1000 * self.cpu / self.photos


def measure(photos: int, work: Callable[[], float]) -> BatchTiming:
    """Runs `work`, which returns for how many seconds photos were at it."""
    cpu, start = family_seconds(), time.perf_counter()
    working = work()
    return BatchTiming(photos, time.perf_counter() - start, working, family_seconds() - cpu)


def family_seconds() -> float:
    """CPU seconds of this process and all its descendants, those that have ended included."""
    me = psutil.Process()
    return float(sum(sum(each.cpu_times()[:4]) for each in (me, *me.children(recursive=True))))
