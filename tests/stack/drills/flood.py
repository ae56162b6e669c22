"""2,000 people send a photo at once: whoever comes beyond the cap is told "busy", no accepted photo is lost, nothing outgrows its cap."""

import asyncio
from collections import Counter
from contextlib import aclosing

from drills.nothing_kept import assert_nothing_lives, live_keys, stored_files
from drills.people import Crowd, tally
from drills.relay import telegram
from drills.swarm import DrillFailedError, containers, memory, scale, until, until_healthy

PEOPLE = 2000
CAP = 500
"""Live requests that the bot takes; its setting's default."""
BUSY = "Very many photos are waiting"
SERVICES = ("bot", "replier", "rabbitmq", "redis")
TAKEN_WITHIN = 600.0
"""Seconds, of which a busy machine needs many."""
ANSWERED_WITHIN = 500.0
"""Less than a request's lifetime."""


async def run() -> str:
    """The table's sentence. Raises DrillFailedError. No estimator runs while they come, so that exactly the cap is taken."""
    await assert_nothing_lives()
    scale("estimator", 0)
    await until_healthy("estimator")
    before = {name: containers(name) for name in SERVICES}
    peaks: Counter[str] = Counter()
    async with telegram() as url, Crowd(url, PEOPLE, anyone=True) as crowd:
        watching = asyncio.create_task(_watch(peaks))
        await _all_are_spoken_to(crowd)
        stored = len(stored_files())
        scale("estimator", 2)
        await until(lambda: not live_keys(), "those taken are answered", ANSWERED_WITHIN, pause=5.0)
        watching.cancel()
        answers = await crowd.answers()
    scale("estimator", 1)
    await until_healthy("estimator")
    counts = tally(answers)
    busy = sum(any(one.startswith(BUSY) for one in answer.sentences) for answer in answers.values())
    said = (
        f"{PEOPLE} at once: {stored} files at most, {busy} told busy, {counts['right']} right pictures, "
        f"{counts['twice']} twice; MiB at most {dict(peaks)}"
    )
    killed = [name for name in SERVICES if containers(name) != before[name]]
    if (stored, busy, counts["right"], counts["twice"], killed) != (CAP, PEOPLE - CAP, CAP, 0, []):
        raise DrillFailedError(f"{said}; killed: {killed}")
    await assert_nothing_lives()
    return said


async def _all_are_spoken_to(crowd: Crowd) -> None:
    """Sends everybody's photo, and ends when the bot has said something to each."""
    chat = crowd.chats[0]
    people = {one.user_id for one in crowd.chats}
    sending = asyncio.create_task(crowd.send_at_once(range(PEOPLE)))
    async with asyncio.timeout(TAKEN_WITHIN), aclosing(chat.events(await chat.last_event(), everyone=True)) as events:
        async for event in events:
            if event.kind == "message" and event.by_bot:
                people.discard(event.chat_id or 0)
            if not people:
                break
    await sending


async def _watch(peaks: Counter[str]) -> None:
    """Notes the most memory of each service until cancelled."""
    while True:
        for name, used in (await asyncio.to_thread(memory)).items():
            if name in SERVICES:
                peaks[name] = max(peaks[name], round(used))
        await asyncio.sleep(2)
