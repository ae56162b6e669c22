"""Photos in, pictures out; the estimator scaled 1, 3, 1 and updated meanwhile."""

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, scale, until_healthy, updated

PHOTOS = 40


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    async with telegram() as url, Crowd(url, people=20) as crowd:
        await crowd.send(range(PHOTOS // 2))
        scale("estimator", 3)
        await until_healthy("estimator")
        await crowd.send(range(PHOTOS // 2, PHOTOS))
        scale("estimator", 1)
        await updated("estimator", "--force")
        took = await crowd.wait_until_answered(180)
        counts = tally(await crowd.answers())
    await assert_nothing_lives()
    if counts["right"] != PHOTOS or counts["twice"]:
        raise DrillFailedError(f"{dict(counts)} after {took:.0f} s")
    return f"{PHOTOS} photos, estimator scaled 1, 3, 1 and updated: {counts['right']} right pictures, {counts['twice']} twice, {took:.0f} s"
