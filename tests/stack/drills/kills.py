"""SIGKILL at random moments, three times for each service's container, while photos are under way, the estimator is scaled and updated."""

import itertools
import os
import random
import secrets
from asyncio import sleep
from collections.abc import Iterator

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, image, kill, scale, until_healthy, updated

SERVICES = ("bot", "replier", "estimator", "rabbitmq", "redis")
TIMES = 3
PEOPLE = 60
LIVE = 20
"""Photos that must be under way at every kill."""
TOPPED_UP = 60
"""Photos under way before each, so that enough still are when it comes."""
PHOTOS = 300
"""Sent in all, or more."""
ANSWERED_WITHIN = 500.0
SLOWED = "0.2"
"""Cores of each estimator meanwhile, so that photos wait."""
REPLICAS_AT = {3: 3, 8: 1}
"""Estimators from that kill on."""
NEW_IMAGE_AT = 10
"""The kill before which the estimator is updated to another image."""
NEW_IMAGE = "attrai-test/relabelled"


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10_000))
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    usual = image("estimator")
    await updated("estimator", "--limit-cpu", SLOWED)
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        numbers = itertools.count()
        lives = []
        for turn, service in enumerate(chance.sample(SERVICES * TIMES, len(SERVICES) * TIMES)):
            await _change(turn)
            lives.append(await _kill(crowd, numbers, service, chance))
        await crowd.send(itertools.islice(numbers, max(PHOTOS - len(crowd.sent), 0)), pause=0.5)
        await crowd.wait_until_answered(ANSWERED_WITHIN)
        counts = tally(await crowd.answers())
    await updated("estimator", "--limit-cpu", "1", "--image", usual)
    said = (
        f"seed {seed}, {len(lives)} kills with {min(lives)} to {max(lives)} live, "
        f"estimators 1, 3, 1 and a new image: {dict(counts)}"
    )
    if counts["answered"] < counts["sent"] or counts["right"] < counts["sent"] - 1 or min(lives) < LIVE:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said


async def _change(turn: int) -> None:
    if turn in REPLICAS_AT:
        scale("estimator", REPLICAS_AT[turn])
        await until_healthy("estimator")
    if turn == NEW_IMAGE_AT:
        await updated("estimator", "--image", NEW_IMAGE)


async def _kill(crowd: Crowd, numbers: Iterator[int], service: str, chance: random.Random) -> int:
    """How many photos were live at the kill: intake's comes while photos are taken in, another's once the first of them are queued."""
    await sleep(chance.uniform(0, 3))
    live = 0
    while live < LIVE:
        await _top_up(crowd, numbers)
        if service != "bot":
            await crowd.wait_until_taken()
        live = await crowd.live()
    kill(service, chance)
    await until_healthy(service)
    return live


async def _top_up(crowd: Crowd, numbers: Iterator[int]) -> None:
    await crowd.send_at_once(itertools.islice(numbers, max(TOPPED_UP - await crowd.live(), 0)))
