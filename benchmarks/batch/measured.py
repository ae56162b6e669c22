"""Processes side by side: seconds on the clock from the first's start to the last's end, and the CPU seconds of all that they started."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leg:
    """One way of doing so many photos."""

    name: str
    photos: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Photos a second."""
        return self.photos / self.wall

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of one core for a photo."""
        return 1000 * self.cpu / self.photos


def measure(name: str, photos: int, commands: Sequence[Sequence[str]]) -> Leg:
    """Runs the commands at the same time. Raises RuntimeError when one fails."""
    start = time.perf_counter()
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own
    cpu = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{name} ended with status {process.returncode}")
        cpu += usage.ru_utime + usage.ru_stime
    return Leg(name, photos, time.perf_counter() - start, cpu)
