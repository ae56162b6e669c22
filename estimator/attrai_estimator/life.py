"""Signs of life of a worker: a heartbeat file for the container's health check, and the replica's entry in Redis for the bot's forecasts.

A thread gives them, so that Redis never holds up the worker's loop; it falls silent when that loop has hung while connected to the broker.
"""

import logging
import threading
import time
from pathlib import Path

from attrai_shared.errors import RequestStoreUnavailable
from attrai_shared.logs import event
from celery import bootsteps
from redis import Redis

from attrai_estimator.presence import announce, leave

logger = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two signs of life."""
HUNG = 30.0
"""Seconds without a turn of a connected loop after which it counts as hung."""


class Life:
    """Whether the worker is well, and the thread that says so. Without Redis it says so to the health check alone."""

    def __init__(self, redis: Redis | None, replica: str, heartbeat: Path | None) -> None:
        self._redis, self._replica, self._heartbeat = redis, replica, heartbeat
        self._turned = time.monotonic()
        self._connected = False
        self._stopped = False
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="life", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._news.set()
        self._thread.join(timeout=BEAT)
        try:
            if self._redis is not None:
                leave(self._redis, self._replica)
        except RequestStoreUnavailable:
            event(logger, "replica_not_taken_off", level=logging.WARNING)

    def turn(self) -> None:
        """The loop went round."""
        self._turned = time.monotonic()

    def connect(self, *, connected: bool) -> None:
        """The worker reached its broker, or lost it. Away from the broker no loop turns, and the worker is still well."""
        self.turn()
        self._connected = connected
        self._news.set()

    @property
    def well(self) -> bool:
        return not self._connected or time.monotonic() - self._turned < HUNG

    def _beat(self) -> None:
        while not self._stopped:
            if self.well:
                self._say_so()
            self._news.wait(BEAT)
            self._news.clear()

    def _say_so(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.touch()
        if self._connected and self._redis is not None:
            try:
                announce(self._redis, self._replica)
            except RequestStoreUnavailable as error:
                event(logger, "replica_not_announced", level=logging.WARNING, reason=str(error))


def loop_step(life: Life) -> type[bootsteps.StartStopStep]:
    """A step of Celery's consumer that reports its loop's turns and its broker's presence to `life`."""

    class Loop(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, c: object) -> None:
            life.connect(connected=True)
            c.timer.call_repeatedly(1.0, life.turn)  # type: ignore[attr-defined]

        def stop(self, c: object) -> None:
            life.connect(connected=False)

    return Loop
