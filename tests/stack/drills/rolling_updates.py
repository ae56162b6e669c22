"""Each service is updated under load, ours to images with the next version of the contracts, readers before writers: no request fails."""

import asyncio
import itertools
from collections.abc import Iterator

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, rolled_back, run_in, updated

PHOTOS_A_TURN = 30
PEOPLE = 45
READERS_FIRST = {
    "replier": "attrai-test/next-bot",
    "estimator": "attrai-test/next-estimator",
    "bot": "attrai-test/next-bot",
}
SERVERS = ("flower", "redis", "rabbitmq")
VERSION = "from attrai_shared.contracts import ToEstimate as t; print(t.model_fields['version'].default)"


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    before = _version()
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        numbers = itertools.count()
        for service, image in READERS_FIRST.items():
            await _updated_under_load(crowd, numbers, service, "--image", image)
        for service in SERVERS:
            await _updated_under_load(crowd, numbers, service, "--force")
        await crowd.send(itertools.islice(numbers, PHOTOS_A_TURN))  # all in the next version
        await crowd.wait_until_answered(240)
        counts = tally(await crowd.answers())
    after = _version()
    await assert_nothing_lives()
    await rolled_back(*READERS_FIRST)
    services = ", ".join((*READERS_FIRST, *SERVERS))
    said = f"{services} updated under load, contracts from version {before} to {after}: {dict(counts)}"
    if counts["right"] != len(crowd.sent) or counts["twice"] or after != before + 1:
        raise DrillFailedError(said)
    return said


async def _updated_under_load(crowd: Crowd, numbers: Iterator[int], service: str, *options: str) -> None:
    sending = asyncio.create_task(crowd.send(itertools.islice(numbers, PHOTOS_A_TURN), pause=0.2))
    await updated(service, *options)
    await sending


def _version() -> int:
    return int(run_in("bot", "python", "-c", VERSION))
