"""`python -m drills [NAME ...]`: drills the deployed stack and prints a table of what was measured; status 1 when one fails."""

import asyncio
import importlib
import sys
import time
from collections.abc import Sequence

from drills.swarm import DrillFailedError

ALL = ("smoke", "kills", "telegram_away", "rolling_updates", "poison", "canaries")


def main(names: Sequence[str]) -> int:
    """How many drills failed, 1 at most."""
    failed = False
    for name in names or ALL:
        begun = time.monotonic()
        try:
            measured, verdict = asyncio.run(importlib.import_module(f"drills.{name}").run()), "passed"
        except DrillFailedError as error:
            measured, verdict, failed = str(error), "FAILED", True
        sys.stdout.write(f"| {name} | {verdict} | {time.monotonic() - begun:.0f} s | {measured} |\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
