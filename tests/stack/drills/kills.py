"""SIGKILL at random moments, three times for each service's container, while photos are under way."""

import asyncio
import random
import secrets

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, kill, until_healthy, update

WAVES = 3
PHOTOS = 100
PEOPLE = 60
LIVE = 20
"""Photos that must be under way at every kill."""
AFTER_INTAKE = ["replier", "estimator", "rabbitmq", "redis"]
ANSWERED_WITHIN = 500.0


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    seed = secrets.randbelow(10_000)
    chance, lives = random.Random(seed), []  # noqa: S311 - to be repeated
    update("estimator", "--limit-cpu", "0.4")
    await until_healthy("estimator")
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        for wave in range(WAVES):
            lives += await _wave(crowd, range(wave * PHOTOS, (wave + 1) * PHOTOS), chance)
            await crowd.wait_until_answered(ANSWERED_WITHIN)
        counts = tally(await crowd.answers())
    update("estimator", "--limit-cpu", "1")
    said = f"seed {seed}, {len(lives)} kills with {min(lives)} to {max(lives)} live: {dict(counts)}"
    if counts["answered"] < counts["sent"] or counts["right"] < counts["sent"] - 1 or min(lives) < LIVE:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said


async def _wave(crowd: Crowd, numbers: range, chance: random.Random) -> list[int]:
    """Live photos at each kill: intake's while photos come in, the others' once all are queued."""
    sending = asyncio.create_task(crowd.send(numbers, pause=0.05))
    await _until_live(crowd, LIVE)
    lives = [await _kill(crowd, "bot")]
    await sending
    while not await crowd.all_taken():
        await asyncio.sleep(1)
    for service in chance.sample(AFTER_INTAKE, len(AFTER_INTAKE)):
        await asyncio.sleep(chance.uniform(0, 3))
        lives.append(await _kill(crowd, service))
    return lives


async def _kill(crowd: Crowd, service: str) -> int:
    live = await crowd.live()
    kill(service)
    await until_healthy(service)
    return live


async def _until_live(crowd: Crowd, wanted: int) -> None:
    while await crowd.live() < wanted:
        await asyncio.sleep(0.2)
