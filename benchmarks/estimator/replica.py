"""Measures a replica's start and memory behind RabbitMQ and Redis. It runs as a process in the product's environment.

Arguments: the folder of photos, then the photo counts at which memory is measured.
Prints a line of JSON for each figure.
"""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.task_queue.bursts import BurstPublisher, await_finished
from benchmarks.task_queue.rates import starts
from benchmarks.task_queue.system import CORES, Running, System, real_system, replica

BURST = 100
"""The most photos in the store at one time."""
STARTS = 5


def memory(running: Running) -> dict[str, int]:
    """Memory of a replica's processes. `bytes` counts shared pages proportionally; `private` excludes them."""
    family = psutil.Process(running.process.pid)
    members = [one.memory_full_info() for one in (family, *family.children(recursive=True))]
    return {
        "bytes": sum(int(one.pss) for one in members),
        "private": sum(int(one.uss) for one in members),
        "processes": len(members),
    }


def memory_growth(system: System, photos: Sequence[Path], photo_counts: Sequence[int]) -> Iterator[dict[str, float]]:
    """Yield a replica's memory at each photo count."""
    publisher, done = BurstPublisher(system), 0
    with replica(system, "grown", CORES[0]) as running:
        for photo_count in photo_counts:
            while done < photo_count:
                count = min(BURST, photo_count - done)
                batch = [photos[(done + i) % len(photos)] for i in range(count)]
                publisher.send(batch, count)
                await_finished(system, count)
                publisher.clear()
                done += count
            yield {"photos": photo_count, **memory(running)}


def main(folder: Path, photo_counts: Sequence[int]) -> None:
    """Measure start time and memory. SIGTERM also stops the servers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    photos = sorted(folder.glob("*.jpg"))
    with real_system() as system:
        for seconds in starts(system, STARTS):
            _print({"ready": seconds})
        for line in memory_growth(system, photos, photo_counts):
            _print(line)


def _print(line: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(count) for count in sys.argv[2:]])
