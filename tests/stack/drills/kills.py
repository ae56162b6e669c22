"""SIGKILL at random moments, three times for each service, with live photos and the estimator scaled and updated."""

import itertools
import os
import random
import secrets
from asyncio import sleep
from collections.abc import Iterator

from drills.leftovers import assert_no_leftovers
from drills.swarm import DrillFailedError, image, kill, scale, update_and_wait, wait_until_healthy
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

SERVICES = ("bot", "replier", "estimator", "rabbitmq", "redis")
KILLS_PER_SERVICE = 3
USERS = 60
MIN_LIVE_PHOTOS = 20
"""At every kill."""
LIVE_PHOTOS_BEFORE_KILL = 60
"""More than MIN_LIVE_PHOTOS, because some are answered before the kill."""
MIN_PHOTOS_SENT = 300
"""In total."""
ANSWER_TIMEOUT_S = 500.0
SLOW_CPU_LIMIT = "0.2"
"""Cores of each estimator during the drill, so that photos wait."""
REPLICAS_FROM_KILL = {3: 3, 8: 1}
"""Number of estimators by the index of the kill."""
NEW_IMAGE_BEFORE_KILL = 10
"""Index of the kill."""
NEW_IMAGE = "attrai-test/relabelled"


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10_000))
    rng = random.Random(seed)  # noqa: S311 - must be repeatable
    usual_image = image("estimator")
    await update_and_wait("estimator", "--limit-cpu", SLOW_CPU_LIMIT)
    async with telegram_proxy() as url, SimulatedUsers(url, USERS) as users:
        numbers = itertools.count()
        lives = []
        for index, service in enumerate(rng.sample(SERVICES * KILLS_PER_SERVICE, len(SERVICES) * KILLS_PER_SERVICE)):
            await _scale_or_update(index)
            lives.append(await _kill(users, numbers, service, rng))
        await users.send(itertools.islice(numbers, max(MIN_PHOTOS_SENT - len(users.sent), 0)), pause=0.5)
        await users.wait_until_answered(ANSWER_TIMEOUT_S)
        counts = count_outcomes(await users.answers())
    await update_and_wait("estimator", "--limit-cpu", "1", "--image", usual_image)
    summary = (
        f"seed {seed}, {len(lives)} kills with {min(lives)} to {max(lives)} live, "
        f"estimators 1, 3, 1 and a new image: {dict(counts)}"
    )
    if counts["answered"] < counts["sent"] or counts["right"] < counts["sent"] - 1 or min(lives) < MIN_LIVE_PHOTOS:
        raise DrillFailedError(summary)
    await assert_no_leftovers()
    return summary


async def _scale_or_update(index: int) -> None:
    if index in REPLICAS_FROM_KILL:
        scale("estimator", REPLICAS_FROM_KILL[index])
        await wait_until_healthy("estimator")
    if index == NEW_IMAGE_BEFORE_KILL:
        await update_and_wait("estimator", "--image", NEW_IMAGE)


async def _kill(users: SimulatedUsers, numbers: Iterator[int], service: str, rng: random.Random) -> int:
    """Returns the number of live photos at the kill. The bot is killed while it accepts photos, others after that."""
    await sleep(rng.uniform(0, 3))
    live = 0
    while live < MIN_LIVE_PHOTOS:
        await _top_up(users, numbers)
        if service != "bot":
            await users.wait_until_accepted()
        live = await users.live()
    kill(service, rng)
    await wait_until_healthy(service)
    return live


async def _top_up(users: SimulatedUsers, numbers: Iterator[int]) -> None:
    await users.send_at_once(itertools.islice(numbers, max(LIVE_PHOTOS_BEFORE_KILL - await users.live(), 0)))
