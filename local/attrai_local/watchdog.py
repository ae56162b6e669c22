"""A script beside the supervisor: it reads process ids from a pipe and kills the processes when the pipe ends.

A pipe ends however its writer ends, so a killed supervisor need not do anything.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

KILL_TIMEOUT_S = 5.0
"""After it the folder is removed even if a killed process still exists."""
POLL_S = 0.02


def main(remove: str | None) -> None:
    """Returns when every process group is gone and the folder, if given, is removed."""
    groups = read_groups(sys.stdin)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    until = time.monotonic() + KILL_TIMEOUT_S
    while any(map(exists, groups)) and time.monotonic() < until:
        time.sleep(POLL_S)
    if remove is not None:
        shutil.rmtree(remove, ignore_errors=True)


def read_groups(lines: Iterable[str]) -> list[int]:
    """The running process groups after lines "+NUMBER" (started) and "-NUMBER" (ended), the youngest first."""
    groups: dict[int, None] = {}
    for line in lines:
        number = int(line[1:])
        groups.pop(number, None)
        if line.startswith("+"):
            groups[number] = None
    return list(reversed(groups))


def exists(group: int) -> bool:
    """Whether the group has any process, dead ones that nobody has waited for included."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
