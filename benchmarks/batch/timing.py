"""Timing of a pipeline: wall time with and without its start, and the CPU time of all processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class BatchTiming:
    """`wall`: seconds from start to end. `work`: seconds on photos. `cpu`: CPU seconds of all processes."""

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
        """Photos a second, without start and end."""
        return self.photos / self.work

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds a photo."""
        return 1000 * self.cpu / self.photos


def measure(photos: int, work: Callable[[], float]) -> BatchTiming:
    """Time `work`, which returns its seconds on photos."""
    cpu, start = family_seconds(), time.perf_counter()
    working = work()
    return BatchTiming(photos, time.perf_counter() - start, working, family_seconds() - cpu)


def family_seconds() -> float:
    """CPU seconds of this process and all its descendants, including ended ones."""
    me = psutil.Process()
    return float(sum(sum(each.cpu_times()[:4]) for each in (me, *me.children(recursive=True))))
