"""A process of its own, in the product's environment: a replica's start and memory, behind RabbitMQ and Redis.

Arguments: the folder of photos, then the counts after which memory is noted. Prints a line of JSON for each figure.
"""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.queue.bursts import Sender, await_finished
from benchmarks.queue.rates import starts
from benchmarks.queue.system import CORES, Running, System, real_system, replica

BURST = 100
"""Photos that lie in the store at once."""
STARTS = 5


def proportional(running: Running) -> tuple[int, int]:
    """Bytes of a replica's processes, what they share counted once; and how many processes these are."""
    family = psutil.Process(running.process.pid)
    members = [family, *family.children(recursive=True)]
    return sum(int(one.memory_full_info().pss) for one in members), len(members)


def grown(system: System, photos: Sequence[Path], marks: Sequence[int]) -> Iterator[dict[str, float]]:
    """The memory of a replica that works on photo after photo."""
    sender, done = Sender(system), 0
    with replica(system, "grown", CORES[0]) as running:
        for mark in marks:
            while done < mark:
                count = min(BURST, mark - done)
                turned = [photos[(done + i) % len(photos)] for i in range(count)]
                sender.send(turned, count)
                await_finished(system, count)
                sender.settle()
                done += count
            size, processes = proportional(running)
            yield {"photos": mark, "bytes": size, "processes": processes}


def main(folder: Path, marks: Sequence[int]) -> None:
    """Measure, and end the servers even when told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    photos = sorted(folder.glob("*.jpg"))
    with real_system() as system:
        for seconds in starts(system, STARTS):
            _print({"ready": seconds})
        for line in grown(system, photos, marks):
            _print(line)


def _print(line: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(count) for count in sys.argv[2:]])
