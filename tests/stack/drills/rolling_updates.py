"""Replier, estimator and bot are updated one after the other, under load: no request fails."""

import asyncio

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, updated

PHOTOS = 90
READERS_FIRST = ("replier", "estimator", "bot")


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    async with telegram() as url, Crowd(url, people=45) as crowd:
        for turn, service in enumerate(READERS_FIRST):
            share = PHOTOS // len(READERS_FIRST)
            sending = asyncio.create_task(crowd.send(range(turn * share, (turn + 1) * share), pause=0.2))
            await updated(service, "--force")
            await sending
        await crowd.wait_until_answered(240)
        counts = tally(await crowd.answers())
    said = f"{', '.join(READERS_FIRST)} updated under load: {dict(counts)}"
    if counts["right"] != PHOTOS or counts["twice"]:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said
