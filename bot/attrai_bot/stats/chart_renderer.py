"""Draws in a short-lived process, so that matplotlib costs the bot neither start time nor memory."""

import asyncio
import json
import sys
from tempfile import TemporaryDirectory

from attrai_bot.stats.page import StatsPage

DRAWING_TIMEOUT_S = 60.0
"""A drawing usually takes about 2 s of a core's time."""
DRAWING_ARGUMENTS = ("-I", "-m", "attrai_bot.stats.drawing")


class DrawingFailedError(Exception):
    """The process ended without a picture. Its error message is on the console."""


class ChartRenderer:
    """Draws one page at a time: two at once could exceed the bot's memory limit."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()

    async def draw(self, page: StatsPage) -> bytes:
        """The page as a PNG. Raises DrawingFailedError, TimeoutError."""
        with TemporaryDirectory() as scratch:
            async with self._free, asyncio.timeout(DRAWING_TIMEOUT_S):
                return await _drawn(page, scratch)


async def _drawn(page: StatsPage, scratch: str) -> bytes:
    """The process does not inherit the environment, which may hold the token."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *DRAWING_ARGUMENTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"MPLCONFIGDIR": scratch, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        picture, _ = await process.communicate(json.dumps(page).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise DrawingFailedError(f"status {process.returncode}")
    return picture
