"""The containers' health check: `python -m attrai_shared.heartbeat FILE` succeeds while the service touches it."""

import sys
import time
from pathlib import Path

STALE_AFTER_S = 30.0
"""Services touch the file every 5 s."""


def is_fresh(heartbeat: Path, now: float) -> bool:
    """Whether the file was touched recently; False for a missing file. `now`: seconds since 1970."""
    try:
        return now - heartbeat.stat().st_mtime < STALE_AFTER_S
    except FileNotFoundError:
        return False


def main(arguments: list[str]) -> int:
    """The exit status: 0 for fresh, 1 for stale, 2 for a call without exactly one file."""
    if len(arguments) != 1:
        return 2
    return 0 if is_fresh(Path(arguments[0]), time.time()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
