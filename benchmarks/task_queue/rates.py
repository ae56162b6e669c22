"""Photos a second through the queue, against the bare pipeline and with an empty one."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.task_queue.bursts import BurstPublisher, await_finished, finished, saturated_rate
from benchmarks.task_queue.photos import make_photo
from benchmarks.task_queue.system import CORES, Bare, Running, System, bare, replica

EMPTY_WORKER_COMMAND = (sys.executable, "-m", "benchmarks.task_queue.empty_estimator")
DISTINCT_PHOTOS = 8
"""In a burst."""
EMPTY_MESSAGES, IGNORED_FIRST_MESSAGES = 1100, 100


@dataclass(frozen=True)
class QueueTiming:
    """Photos a second, CPU seconds a photo, and the cores that other processes used meanwhile."""

    rate: float
    cpu: float
    others: float


@dataclass(frozen=True)
class Round:
    """Two timings, one right after the other."""

    one: QueueTiming
    other: QueueTiming

    @property
    def ratio(self) -> float:
        return self.other.rate / self.one.rate

    @property
    def cpu_ratio(self) -> float:
        """The ratio by CPU time alone, which other processes do not change."""
        return self.one.cpu / self.other.cpu


class Meter:
    """CPU time of the benchmark's and of all other processes since its creation."""

    def __init__(self, *running: Running) -> None:
        self._running = running
        self._start = self._now()

    def timing(self, photos: int, rate: float) -> QueueTiming:
        """The timing of `photos` photos since the creation."""
        replicas, ours, all_cores, wall = (now - before for now, before in zip(self._now(), self._start, strict=True))
        return QueueTiming(rate, replicas / photos, max(all_cores - ours, 0.0) / wall)

    def _now(self) -> tuple[float, float, float, float]:
        replicas = sum(each.cpu_seconds() for each in self._running)
        return replicas, _family_seconds(), _busy_seconds(), time.perf_counter()


def make_photos(folder: Path) -> list[Path]:
    """Photos of 1280x960 with four faces, as files."""
    paths = [folder / f"{number}.jpg" for number in range(DISTINCT_PHOTOS)]
    for number, path in enumerate(paths):
        path.write_bytes(make_photo(1280, 960, 4, number))
    return paths


def without_queue(photos: Sequence[Path], count: int, *pipelines: Bare) -> QueueTiming:
    """Process `count` photos with each of the bare pipelines, all at the same time."""
    chosen = [photos[number % len(photos)] for number in range(count)]
    meter = Meter(*(each.running for each in pipelines))
    for each in pipelines:
        each.begin(chosen)
    rate = sum(count / each.seconds() for each in pipelines)
    return meter.timing(count * len(pipelines), rate)


def through_queue(
    system: System, publisher: BurstPublisher, photos: Sequence[Path], count: int, *replicas: Running
) -> QueueTiming:
    """Queue `count` photos at once for the replicas together."""
    meter = Meter(*replicas)
    publisher.send(photos, count)
    saturated_since = time.time()
    times = await_finished(system, count)
    timing = meter.timing(count, saturated_rate(times, saturated_since))
    publisher.clear()
    return timing


def against_bare(system: System, photos: Sequence[Path], count: int, rounds: int) -> list[Round]:
    """In each round: the bare pipeline, then one replica behind the queue, on the same core."""
    publisher = BurstPublisher(system)
    with replica(system, "one", CORES[0]) as one, bare(system, CORES[0]) as pipeline:
        through_queue(system, publisher, photos, DISTINCT_PHOTOS, one)
        without_queue(photos, DISTINCT_PHOTOS, pipeline)
        return [
            Round(without_queue(photos, count, pipeline), through_queue(system, publisher, photos, count, one))
            for _ in range(rounds)
        ]


def empty_rates(system: System, photo: Path, rounds: int) -> list[QueueTiming]:
    """Messages a second with an empty pipeline; all are queued before the replica starts."""
    publisher, timings = BurstPublisher(system), []
    for _ in range(rounds):
        publisher.send([photo], EMPTY_MESSAGES)
        with replica(system, "empty", CORES[0], EMPTY_WORKER_COMMAND) as empty:
            meter, before = Meter(empty), len(finished(system))
            times = await_finished(system, EMPTY_MESSAGES)
            rate = saturated_rate(times, times[IGNORED_FIRST_MESSAGES])
            timings.append(meter.timing(EMPTY_MESSAGES - before, rate))
        publisher.clear()
    return timings


def starts(system: System, rounds: int) -> list[float]:
    """Seconds from the start of a replica's process until it consumes."""
    seconds = []
    for _ in range(rounds):
        with replica(system, "started", CORES[0]) as one:
            seconds.append(one.ready_seconds)
    return seconds


def _family_seconds() -> float:
    """CPU time of this process and all its descendants: replicas and servers."""
    me = psutil.Process()
    total = 0.0
    for each in (me, *me.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system
    return total


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)
