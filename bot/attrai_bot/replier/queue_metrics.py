"""Logs at a fixed interval how many photos wait, how long the oldest has waited, and how many estimators run."""

import asyncio
import logging
import time

from attrai_shared.logs import event

from attrai_bot.state import RequestStore

logger = logging.getLogger(__name__)

METRICS_INTERVAL_S = 30.0


async def watch_queue(requests: RequestStore) -> None:
    """Measures until cancelled. Raises RequestStoreUnavailable."""
    while True:
        await measure_queue(requests, time.time())
        await asyncio.sleep(METRICS_INTERVAL_S)


async def measure_queue(requests: RequestStore, now: float) -> None:
    """Logs `queue_measured` for this instant (seconds since 1970). Raises RequestStoreUnavailable."""
    live = await requests.live()
    oldest = min((request.accepted_at for request in live), default=now)
    event(
        logger,
        "queue_measured",
        waiting=len(live),
        oldest_seconds=round(max(now - oldest, 0.0), 1),
        replicas=await requests.replicas(now),
    )
