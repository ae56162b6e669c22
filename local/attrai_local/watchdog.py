"""Run by its path beside the supervisor: reads process ids from a pipe; when the pipe ends, kills what is left.

A pipe ends however its writer goes, on every system that has pipes: a killed supervisor need not catch anything.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

GONE_WITHIN = 5.0
"""Seconds for killed groups to vanish before the folder is removed all the same."""


def main(remove: str | None) -> None:
    """Returns when every group has vanished and the folder, if one is named, is removed."""
    groups = read_groups(sys.stdin)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    until = time.monotonic() + GONE_WITHIN
    while any(map(is_left, groups)) and time.monotonic() < until:
        time.sleep(0.02)
    if remove is not None:
        shutil.rmtree(remove, ignore_errors=True)


def read_groups(lines: Iterable[str]) -> list[int]:
    """The process groups that are left after lines "+NUMBER" (started) and "-NUMBER" (ended), the youngest first."""
    groups: dict[int, None] = {}
    for line in lines:
        number = int(line[1:])
        groups.pop(number, None)
        if line.startswith("+"):
            groups[number] = None
    return list(reversed(groups))


def is_left(group: int) -> bool:
    """Whether any process of the group is there, be it a dead one that nobody has waited for."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
