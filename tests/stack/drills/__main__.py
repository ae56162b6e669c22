"""`python -m drills [NAME[=PHOTOS] ...]`: drills the deployed stack and prints a table; ends with status 1 at the first that fails."""

import asyncio
import importlib
import sys
import time
from collections.abc import Sequence

from attrai_deploy.docker import DockerFailedError

from drills.swarm import DrillFailedError

ALL = ("deployed", "kills", "telegram_away", "poison", "rolling_updates", "disk_full", "flood", "batch", "canaries")
"""The canaries come last: they look for what the others left."""
LIMIT = 1800.0
"""Seconds that a drill may take which names no other limit."""


def main(names: Sequence[str]) -> int:
    """How many drills failed, 1 at most: what comes after one would not begin where it expects to."""
    _say("| drill | verdict | took | measured |", "|---|---|---|---|")
    return int(not all(_passes(name) for name in names or ALL))


def _passes(name: str) -> bool:
    begun = time.monotonic()
    try:
        measured, verdict = asyncio.run(_limited(name)), "passed"
    except (DrillFailedError, DockerFailedError) as error:
        measured, verdict = str(error), "FAILED"
    _say(f"| {name} | {verdict} | {time.monotonic() - begun:.0f} s | {measured} |")
    return verdict == "passed"


async def _limited(name: str) -> str:
    module, _, photos = name.partition("=")
    drill = importlib.import_module(f"drills.{module}")
    limit = getattr(drill, "LIMIT", LIMIT)
    try:
        async with asyncio.timeout(limit) as bound:
            return str(await (drill.run(int(photos)) if photos else drill.run()))
    except TimeoutError as error:
        raise DrillFailedError(
            f"not done within {limit:.0f} s" if bound.expired() else f"timed out: {error}"
        ) from error


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
