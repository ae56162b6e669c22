"""The console: lines to the process's standard output, past Python's buffers, whose locks a fork could leave held."""

import os
from contextlib import suppress

from attrai_shared.logs.bounded import BoundedQueue, Line

STANDARD_OUTPUT = 1
IDLE_SECONDS = 5.0


def write_lines(queue: BoundedQueue) -> None:
    """Writes until the queue has ended. A console that is gone takes nothing, and there is no other place to say so."""
    while not queue.ended:
        line = queue.take(IDLE_SECONDS)
        if line is not None:
            with suppress(OSError):
                _write(line)
        queue.settle()


def _write(line: Line) -> None:
    while line:
        line = line[os.write(STANDARD_OUTPUT, line) :]
