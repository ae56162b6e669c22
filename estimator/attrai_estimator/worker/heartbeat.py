"""The worker's heartbeat: a file for the container's health check, and the replica's registration in Redis.

It has a thread of its own, so that Redis never delays the worker's loop. It stops when a connected loop hangs.
"""

import logging
import threading
import time
from pathlib import Path

from attrai_shared.errors import RequestStoreUnavailable
from attrai_shared.logs import event
from celery import bootsteps
from redis import Redis

from attrai_estimator.worker.replica_registry import deregister, register

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_S = 5.0
LOOP_TIMEOUT_S = 30.0
"""A connected worker whose loop has not run for this time counts as hung."""
LOOP_REPORT_INTERVAL_S = 1.0


class WorkerHeartbeat:
    """Touches the heartbeat file and registers the replica while the worker is healthy.

    `redis` is None for a worker that does not register; `heartbeat` is None without a health check.
    """

    def __init__(self, redis: Redis | None, replica: str, heartbeat: Path | None) -> None:
        self._redis, self._replica, self._heartbeat = redis, replica, heartbeat
        self._loop_ran_at = time.monotonic()
        self._connected = False
        self._stopped = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and deregister the replica."""
        self._stopped = True
        self._wake.set()
        self._thread.join(timeout=HEARTBEAT_INTERVAL_S)
        try:
            if self._redis is not None:
                deregister(self._redis, self._replica)
        except RequestStoreUnavailable:
            event(logger, "replica_not_taken_off", level=logging.WARNING)

    def loop_ran(self) -> None:
        """Note that the consumer's loop is running."""
        self._loop_ran_at = time.monotonic()

    def set_connected(self, *, connected: bool) -> None:
        """Note that the worker reached or lost its broker. Without a broker no loop runs, and the worker is healthy."""
        self.loop_ran()
        self._connected = connected
        self._wake.set()

    @property
    def healthy(self) -> bool:
        return not self._connected or time.monotonic() - self._loop_ran_at < LOOP_TIMEOUT_S

    def _run(self) -> None:
        while not self._stopped:
            if self.healthy:
                self._beat()
            self._wake.wait(HEARTBEAT_INTERVAL_S)
            self._wake.clear()

    def _beat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.touch()
        if self._connected and self._redis is not None:
            try:
                register(self._redis, self._replica)
            except RequestStoreUnavailable as error:
                event(logger, "replica_not_announced", level=logging.WARNING, reason=str(error))


def heartbeat_step(heartbeat: WorkerHeartbeat) -> type[bootsteps.StartStopStep]:
    """A step of Celery's consumer that reports its loop and its connection to `heartbeat`."""

    class HeartbeatStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, c: object) -> None:
            heartbeat.set_connected(connected=True)
            c.timer.call_repeatedly(LOOP_REPORT_INTERVAL_S, heartbeat.loop_ran)  # type: ignore[attr-defined]

        def stop(self, c: object) -> None:
            heartbeat.set_connected(connected=False)

    return HeartbeatStep
