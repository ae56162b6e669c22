"""The edge to the process that draws: short-lived, so that the bot neither starts slower nor grows by what drawing needs."""

import asyncio
import json
import sys
from tempfile import TemporaryDirectory

from attrai_bot.stats.page import StatsPage

WITHIN = 60.0
"""Seconds that a drawing may take; about two of a core's time are usual."""
PROGRAM = ("-I", "-m", "attrai_bot.stats.drawing")


class DrawingFailedError(Exception):
    """The process ended without a picture; its own words are on the console."""


class ChartRenderer:
    """Draws one page after the other: two at once could take more memory than the bot may have."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()

    async def draw(self, page: StatsPage) -> bytes:
        """The page as a PNG. Raises DrawingFailedError, TimeoutError."""
        with TemporaryDirectory() as scratch:
            async with self._free, asyncio.timeout(WITHIN):
                return await _drawn(page, scratch)


async def _drawn(page: StatsPage, scratch: str) -> bytes:
    """The process gets none of our environment, which may hold the token."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *PROGRAM,
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
