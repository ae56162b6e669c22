"""Every photo gets its picture while the estimator is scaled 1, 3, 1 and updated."""

from drills.leftovers import assert_no_leftovers
from drills.swarm import DrillFailedError, scale, update_and_wait, wait_until_healthy
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

PHOTOS = 40


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError."""
    async with telegram_proxy() as url, SimulatedUsers(url, count=20) as users:
        await users.send(range(PHOTOS // 2))
        scale("estimator", 3)
        await wait_until_healthy("estimator")
        await users.send(range(PHOTOS // 2, PHOTOS))
        scale("estimator", 1)
        await update_and_wait("estimator", "--force")
        took = await users.wait_until_answered(180)
        counts = count_outcomes(await users.answers())
    await assert_no_leftovers()
    if counts["right"] != PHOTOS or counts["twice"]:
        raise DrillFailedError(f"{dict(counts)} after {took:.0f} s")
    return f"{PHOTOS} photos, estimator scaled 1, 3, 1 and updated: {counts['right']} right pictures, {counts['twice']} twice, {took:.0f} s"
