"""A burst: queues many photos as intake does, and reads when each outcome was stored."""

import secrets
import shutil
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from attrai_shared.contracts import ReplyAddress, ToEstimate
from attrai_shared.queues import AFTER_ESTIMATE, celery_app, declare, publish

from benchmarks.task_queue.system import System

POLL_INTERVAL_S = 0.1
"""Each look at the store costs time too."""
REQUEST_LIFETIME_S = 3600.0
PROGRESS_TIMEOUT_S = 300.0
"""A burst without progress for this long has failed."""


class BurstPublisher:
    """Publishes with one Celery application, as the bot does."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._app = celery_app("bot", system.broker_url)
        declare(self._app)

    def send(self, photos: Sequence[Path], count: int) -> None:
        """Put `count` photos into the store and the queue, repeating the given ones."""
        for photo in islice(cycle(photos), count):
            message = _message()
            shutil.copyfile(photo, self._system.store / f"{message.request_id}.source")
            publish(self._app, message, time.time())

    def clear(self) -> None:
        """Remove the messages and files, as the replier does."""
        with self._app.connection_for_write() as connection:
            connection.default_channel.queue_purge(AFTER_ESTIMATE)
        for path in self._system.store.iterdir():
            path.unlink(missing_ok=True)


def finished(system: System) -> list[float]:
    """When each outcome was stored, in seconds since 1970, in order."""
    return sorted(path.stat().st_mtime_ns / 1e9 for path in system.store.glob("*.outcome"))


def await_finished(system: System, count: int) -> list[float]:
    """Wait for `count` outcomes in the store. Raises TimeoutError without progress."""
    seen, until = 0, time.monotonic() + PROGRESS_TIMEOUT_S
    while (now := len(list(system.store.glob("*.outcome")))) < count:
        if now > seen:
            seen, until = now, time.monotonic() + PROGRESS_TIMEOUT_S
        if time.monotonic() > until:
            raise TimeoutError(f"{now} of {count} photos are finished")
        time.sleep(POLL_INTERVAL_S)
    return finished(system)


def saturated_rate(times: Sequence[float], since: float) -> float:
    """Photos a second between the first and the last that finished after `since`."""
    within = [each for each in times if each >= since]
    return (len(within) - 1) / (within[-1] - within[0])


def _message() -> ToEstimate:
    now = time.time()
    return ToEstimate(
        request_id=secrets.token_hex(16),
        user="0" * 32,
        reply_to=ReplyAddress(chat_id=1, photo_message_id=1, waiting_message_id=2, language="en"),
        accepted_at=now,
        deadline=now + REQUEST_LIFETIME_S,
    )
