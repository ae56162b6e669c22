"""Telegram fails for a minute while replies are due, then asks for patience: all replies arrive after it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrai_playground.bot_api.failures import Failure

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, scale, until_healthy

PHOTOS = 20
AWAY = 60.0
"""Seconds with an estimator at work; its start comes before them."""
FLOOD_CONTROLS = 10


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    async with telegram() as url, Crowd(url, people=PHOTOS) as crowd:
        async with nobody_estimating():
            await crowd.send(range(PHOTOS))
            await crowd.wait_until_taken()
            await crowd.chats[0].order_failure(Failure(method="*", times=None, code=502))
            began = time.monotonic()
        due = await crowd.live()
        await asyncio.sleep(AWAY)
        await crowd.chats[0].clear_failures()
        away = time.monotonic() - began
        await crowd.chats[0].order_failure(Failure(method="*", times=FLOOD_CONTROLS, code=429, retry_after=3))
        took = await crowd.wait_until_answered(240)
        counts = tally(await crowd.answers())
    said = f"{away:.0f} s away with {due} replies due, then {FLOOD_CONTROLS} flood controls: {dict(counts)}, done {took:.0f} s later"
    if counts["right"] != PHOTOS or counts["twice"] or due != PHOTOS:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said


@asynccontextmanager
async def nobody_estimating() -> AsyncIterator[None]:
    """Photos wait meanwhile: however quick an estimator is, no reply is due before the block's end."""
    scale("estimator", 0)
    try:
        await until_healthy("estimator")
        yield
    finally:
        scale("estimator", 1)
        await until_healthy("estimator")
