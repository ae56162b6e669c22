"""SIGKILL at random moments, three times for each service's container, while photos are under way."""

import asyncio
import itertools
import random
import secrets
from collections.abc import Iterator

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, kill, until_healthy, update

SERVICES = ("bot", "replier", "estimator", "rabbitmq", "redis")
TIMES = 3
PEOPLE = 60
LIVE = 20
"""Photos that must be under way at every kill."""
TOPPED_UP = 40
"""Photos under way before each, so that enough still are when it comes."""
PHOTOS = 300
"""Sent in all, or more."""
ANSWERED_WITHIN = 500.0


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    seed = secrets.randbelow(10_000)
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    update("estimator", "--limit-cpu", "0.4")
    await until_healthy("estimator")
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        numbers = itertools.count()
        lives = [
            await _kill(crowd, numbers, one, chance) for one in chance.sample(SERVICES * TIMES, len(SERVICES) * TIMES)
        ]
        await crowd.send(itertools.islice(numbers, max(PHOTOS - len(crowd.sent), 0)), pause=0.5)
        await crowd.wait_until_answered(ANSWERED_WITHIN)
        counts = tally(await crowd.answers())
    update("estimator", "--limit-cpu", "1")
    said = f"seed {seed}, {len(lives)} kills with {min(lives)} to {max(lives)} live: {dict(counts)}"
    if counts["answered"] < counts["sent"] or counts["right"] < counts["sent"] - 1 or min(lives) < LIVE:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said


async def _kill(crowd: Crowd, numbers: Iterator[int], service: str, chance: random.Random) -> int:
    """How many photos were live at the kill: intake's comes while photos are taken in, another's once all are queued."""
    await crowd.send(itertools.islice(numbers, max(TOPPED_UP - await crowd.live(), 0)))
    while service != "bot" and not await crowd.all_taken():
        await asyncio.sleep(0.2)
    await asyncio.sleep(chance.uniform(0, 3))
    live = await crowd.live()
    kill(service)
    await until_healthy(service)
    return live
