"""`python -m drills [NAME[=PHOTOS] ...]`: drills the deployed stack and prints a table. The first failure ends it."""

import asyncio
import importlib
import sys
import time
from collections.abc import Sequence

from attrai_deploy.docker import DockerFailedError

from drills.swarm import DrillFailedError

ALL = ("deployed", "kills", "telegram_away", "poison", "rolling_updates", "disk_full", "flood", "batch", "canaries")
"""Canaries are last: they search what the other drills left."""
TIMEOUT_S = 1800.0
"""Of a drill without its own `TIMEOUT_S`."""


def main(names: Sequence[str]) -> int:
    """Returns 1 after the first failed drill, else 0: a failed drill leaves the stack in an unknown state."""
    _print("| drill | result | took | measured |", "|---|---|---|---|")
    return int(not all(_passes(name) for name in names or ALL))


def _passes(name: str) -> bool:
    started = time.monotonic()
    try:
        measured, result = asyncio.run(_limited(name)), "passed"
    except (DrillFailedError, DockerFailedError) as error:
        measured, result = str(error), "FAILED"
    _print(f"| {name} | {result} | {time.monotonic() - started:.0f} s | {measured} |")
    return result == "passed"


async def _limited(name: str) -> str:
    module, _, photos = name.partition("=")
    drill = importlib.import_module(f"drills.{module}")
    timeout_s = getattr(drill, "TIMEOUT_S", TIMEOUT_S)
    try:
        async with asyncio.timeout(timeout_s) as bound:
            return str(await (drill.run(int(photos)) if photos else drill.run()))
    except TimeoutError as error:
        raise DrillFailedError(
            f"not done within {timeout_s:.0f} s" if bound.expired() else f"timed out: {error}"
        ) from error


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
