"""2,000 people send a photo at once: whoever comes beyond the cap is told "busy", no accepted photo is lost, nothing outgrows its cap."""

import asyncio
from collections import Counter

from drills.nothing_kept import assert_nothing_lives, stored_files
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, containers, memory, scale, until_healthy

PEOPLE = 2000
CAP = 500
"""Live requests that the bot takes; its setting's default."""
BUSY = "Very many photos are waiting"
SERVICES = ("bot", "replier", "rabbitmq", "redis")
TAKEN_WITHIN = 400.0
ANSWERED_WITHIN = 500.0
"""Less than a request's lifetime."""


async def run() -> str:
    """The table's sentence. Raises DrillFailedError. No estimator runs while they come, so that exactly the cap is taken."""
    scale("estimator", 0)
    await until_healthy("estimator")
    before = {name: containers(name) for name in SERVICES}
    async with telegram() as url, Crowd(url, PEOPLE, anyone=True) as crowd:
        peaks: Counter[str] = Counter()
        watching = asyncio.create_task(_watch(peaks))
        await crowd.send_at_once(range(PEOPLE))
        await crowd.wait_until_taken(TAKEN_WITHIN)
        accepted, stored = await crowd.live(), len(stored_files())
        scale("estimator", 2)
        took = await crowd.wait_until_answered(ANSWERED_WITHIN)
        answers = await crowd.answers()
        watching.cancel()
    scale("estimator", 1)
    await until_healthy("estimator")
    counts = tally(answers)
    busy = sum(answer.sentences[:1] != () and answer.sentences[0].startswith(BUSY) for answer in answers.values())
    said = (
        f"{PEOPLE} at once: {accepted} taken with {stored} files, {busy} told busy; "
        f"then in {took:.0f} s {dict(counts)}; MiB at most {dict(peaks)}"
    )
    killed = [name for name in SERVICES if containers(name) != before[name]]
    if (accepted, stored, busy, counts["right"], counts["twice"], killed) != (CAP, CAP, PEOPLE - CAP, CAP, 0, []):
        raise DrillFailedError(f"{said}; killed: {killed}")
    await assert_nothing_lives()
    return said


async def _watch(peaks: Counter[str]) -> None:
    """Notes the most memory of each service until cancelled."""
    while True:
        for name, used in (await asyncio.to_thread(memory)).items():
            if name in SERVICES:
                peaks[name] = max(peaks[name], round(used))
        await asyncio.sleep(2)
