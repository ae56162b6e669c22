"""2,000 users send a photo at once: those over the cap are told "busy", no accepted photo is lost, no container dies."""

import asyncio
from collections import Counter
from contextlib import aclosing

from drills.leftovers import assert_no_leftovers, live_keys, stored_files
from drills.swarm import DrillFailedError, containers, memory_mib, scale, wait_until, wait_until_healthy
from drills.telegram_proxy import telegram_proxy
from drills.users import SimulatedUsers, count_outcomes

USERS = 2000
LIVE_REQUEST_CAP = 500
"""The default of the bot's setting."""
BUSY_SENTENCE = "Very many photos are waiting"
SERVICES = ("bot", "replier", "rabbitmq", "redis")
ACCEPT_TIMEOUT_S = 600.0
ANSWER_TIMEOUT_S = 500.0
"""Shorter than a request's lifetime."""


async def run() -> str:
    """Returns the table's sentence. Raises DrillFailedError. Without estimators exactly the cap is accepted."""
    await assert_no_leftovers()
    scale("estimator", 0)
    await wait_until_healthy("estimator")
    before = {name: containers(name) for name in SERVICES}
    peaks: Counter[str] = Counter()
    async with telegram_proxy() as url, SimulatedUsers(url, USERS, new_ids=True) as users:
        recording = asyncio.create_task(_record_peaks(peaks))
        await _wait_until_all_have_an_answer(users)
        stored = len(stored_files())
        scale("estimator", 2)
        await wait_until(lambda: not live_keys(), "accepted photos are answered", ANSWER_TIMEOUT_S, pause=5.0)
        recording.cancel()
        answers = await users.answers()
    scale("estimator", 1)
    await wait_until_healthy("estimator")
    counts = count_outcomes(answers)
    busy = sum(any(one.startswith(BUSY_SENTENCE) for one in answer.sentences) for answer in answers.values())
    summary = (
        f"{USERS} at once: {stored} files at most, {busy} told busy, {counts['right']} right pictures, "
        f"{counts['twice']} twice; MiB at most {dict(peaks)}"
    )
    killed = [name for name in SERVICES if containers(name) != before[name]]
    if (stored, busy, counts["right"], counts["twice"], killed) != (
        LIVE_REQUEST_CAP,
        USERS - LIVE_REQUEST_CAP,
        LIVE_REQUEST_CAP,
        0,
        [],
    ):
        raise DrillFailedError(f"{summary}; killed: {killed}")
    await assert_no_leftovers()
    return summary


async def _wait_until_all_have_an_answer(users: SimulatedUsers) -> None:
    """Sends a photo from every user and returns when the bot has written to each."""
    chat = users.chats[0]
    waiting = {one.user_id for one in users.chats}
    sending = asyncio.create_task(users.send_at_once(range(USERS)))
    async with (
        asyncio.timeout(ACCEPT_TIMEOUT_S),
        aclosing(chat.events(await chat.last_event(), everyone=True)) as events,
    ):
        async for event in events:
            if event.kind == "message" and event.by_bot:
                waiting.discard(event.chat_id or 0)
            if not waiting:
                break
    await sending


async def _record_peaks(peaks: Counter[str]) -> None:
    """Records the peak memory of each service until cancelled."""
    while True:
        for name, used in (await asyncio.to_thread(memory_mib)).items():
            if name in SERVICES:
                peaks[name] = max(peaks[name], round(used))
        await asyncio.sleep(2)
