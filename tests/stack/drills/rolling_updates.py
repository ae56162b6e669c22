"""Each service is updated under load, ours to the next contract version, readers before writers. No request fails."""

import asyncio
import itertools
from collections.abc import Iterator

from drills.leftovers import assert_no_leftovers
from drills.swarm import DrillFailedError, roll_back_and_wait, run_in, update_and_wait
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

PHOTOS_PER_UPDATE = 30
USERS = 45
NEXT_IMAGES = {
    "replier": "attrai-test/next-bot",
    "estimator": "attrai-test/next-estimator",
    "bot": "attrai-test/next-bot",
}
SERVERS = ("flower", "redis", "rabbitmq")
PRINT_CONTRACT_VERSION = "from attrai_shared.contracts import ToEstimate as t; print(t.model_fields['version'].default)"


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    before = _version()
    async with telegram_proxy() as url, SimulatedUsers(url, USERS) as users:
        numbers = itertools.count()
        for service, image in NEXT_IMAGES.items():
            await _update_under_load(users, numbers, service, "--image", image)
        for service in SERVERS:
            await _update_under_load(users, numbers, service, "--force")
        await users.send(itertools.islice(numbers, PHOTOS_PER_UPDATE))  # all in the next version
        await users.wait_until_answered(240)
        counts = count_outcomes(await users.answers())
    after = _version()
    await assert_no_leftovers()
    await roll_back_and_wait(*NEXT_IMAGES)
    services = ", ".join((*NEXT_IMAGES, *SERVERS))
    summary = f"{services} updated under load, contracts from version {before} to {after}: {dict(counts)}"
    if counts["right"] != len(users.sent) or counts["twice"] or after != before + 1:
        raise DrillFailedError(summary)
    return summary


async def _update_under_load(users: SimulatedUsers, numbers: Iterator[int], service: str, *options: str) -> None:
    sending = asyncio.create_task(users.send(itertools.islice(numbers, PHOTOS_PER_UPDATE), pause=0.2))
    await update_and_wait(service, *options)
    await sending


def _version() -> int:
    return int(run_in("bot", "python", "-c", PRINT_CONTRACT_VERSION))
