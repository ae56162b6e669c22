"""Telegram fails for a minute while replies are due and then applies flood control: all replies arrive afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrai_playground.bot_api.failures import Failure

from drills.leftovers import assert_no_leftovers
from drills.swarm import DrillFailedError, scale, wait_until_healthy
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

PHOTOS = 20
OUTAGE_S = 60.0
"""Counted from the start of the estimator."""
FLOOD_CONTROLS = 10


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    async with telegram_proxy() as url, SimulatedUsers(url, count=PHOTOS) as users:
        async with without_estimators():
            await users.send(range(PHOTOS))
            await users.wait_until_accepted()
            await users.chats[0].order_failure(Failure(method="*", times=None, code=502))
            started = time.monotonic()
        due = await users.live()
        await asyncio.sleep(OUTAGE_S)
        await users.chats[0].clear_failures()
        away = time.monotonic() - started
        await users.chats[0].order_failure(Failure(method="*", times=FLOOD_CONTROLS, code=429, retry_after=3))
        took = await users.wait_until_answered(240)
        counts = count_outcomes(await users.answers())
    summary = f"{away:.0f} s away with {due} replies due, then {FLOOD_CONTROLS} flood controls: {dict(counts)}, done {took:.0f} s later"
    if counts["right"] != PHOTOS or counts["twice"] or due != PHOTOS:
        raise DrillFailedError(summary)
    await assert_no_leftovers()
    return summary


@asynccontextmanager
async def without_estimators() -> AsyncIterator[None]:
    """Scales the estimators to 0 for the block, so that no reply is due before its end."""
    scale("estimator", 0)
    try:
        await wait_until_healthy("estimator")
        yield
    finally:
        scale("estimator", 1)
        await wait_until_healthy("estimator")
