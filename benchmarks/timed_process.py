"""A process that gets the paths of photos and returns the seconds that it needed: both ends of its pipes."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter


class TimedProcess:
    """The calling end; one list of photos at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a timed process needs pipes")
        self.process, self._questions, self._answers = process, process.stdin, process.stdout

    def begin(self, photos: Sequence[Path]) -> None:
        """Send these photos, to be processed one after the other."""
        self._questions.write(json.dumps([str(photo) for photo in photos]) + "\n")
        self._questions.flush()

    def seconds(self) -> float:
        """Wait for the photos; returns the seconds. Raises RuntimeError when the process has ended."""
        line = self._answers.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} has ended")
        return float(line)


def answer(work: Callable[[bytes], object]) -> None:
    """The other end, until its input ends: `work` gets each photo's bytes."""
    for line in sys.stdin:
        paths = [Path(path) for path in json.loads(line)]
        start = perf_counter()
        for path in paths:
            work(path.read_bytes())
        sys.stdout.write(f"{perf_counter() - start}\n")
        sys.stdout.flush()
