"""Says every half minute how many photos wait, how long the oldest has waited, and how many estimators are at work."""

import asyncio
import logging
import time

from attrai_shared.logs import event

from attrai_bot.quotas import Ledger

logger = logging.getLogger(__name__)

PERIOD = 30.0
"""Seconds between two measurements."""


async def watch_queue(ledger: Ledger) -> None:
    """Measures until cancelled. Raises RequestStoreUnavailable."""
    while True:
        await measure_queue(ledger, time.time())
        await asyncio.sleep(PERIOD)


async def measure_queue(ledger: Ledger, now: float) -> None:
    """Logs `queue_measured` at this instant (seconds since 1970). Raises RequestStoreUnavailable."""
    live = await ledger.live()
    oldest = min((record.accepted_at for record in live), default=now)
    event(
        logger,
        "queue_measured",
        waiting=len(live),
        oldest_seconds=round(max(now - oldest, 0.0), 1),
        replicas=await ledger.replicas(now),
    )
