"""The Celery consumer of all services: it rejects what it cannot read, and notices a restart of Redis or Valkey.

A rejected message is never acknowledged, and its body is not logged. RabbitMQ moves it to the dead letters and then to
the `refused` queue; on the Redis protocol it is dropped.
"""

import logging
import time

from celery import bootsteps
from celery.worker.consumer import Consumer
from kombu import Connection, Message
from redis.exceptions import ConnectionError as ConnectionLost

from attrai_shared.logs import event

logger = logging.getLogger(__name__)

MONITOR_EVENTS_INTERVAL_S = 1.0
"""Events for monitors are sent together once in this interval."""
RESTART_CHECK_INTERVAL_S = 1.0
"""One check takes a fraction of a millisecond."""


class RefusingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Rejects messages that are not tasks of this service.

    Events for monitors are sent together and without confirmation, because nothing waits for them. The 28 queues for
    delayed tasks are not created: no task here is delayed, and in production services have no right to create queues.
    """

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # Celery ships no types
        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    _next_flush = 0.0

    def connection_for_write(self, url: str | None = None, heartbeat: int | None = None) -> Connection:
        """The connection for monitor events, without publisher confirmation."""
        connection = self.app.connection_for_write(url=url, heartbeat=heartbeat)
        connection.transport_options = connection.transport_options | {"confirm_publish": False}
        return self.ensure_connected(connection)

    def on_send_event_buffered(self) -> None:
        now = time.monotonic()
        if now >= self._next_flush:
            self._next_flush = now + MONITOR_EVENTS_INTERVAL_S
            self.timer.call_after(MONITOR_EVENTS_INTERVAL_S, self._flush_events)

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        self._refuse(message, "undecodable")

    def on_unknown_message(self, body: object, message: Message) -> None:
        self._refuse(message, "not_a_task")

    def on_unknown_task(self, body: object, message: Message, exc: Exception) -> None:
        self._refuse(message, "unknown_task")

    def on_invalid_task(self, body: object, message: Message, exc: Exception) -> None:
        self._refuse(message, "invalid_task")

    def _refuse(self, message: Message, reason: str) -> None:
        event(logger, "message_refused", level=logging.ERROR, reason=reason, size=len(message.body or b""))
        message.reject_log_error(logger, self.connection_errors)


class ServerRestartDetector(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """Raises a connection error into the consumer's loop when the server has been restarted, so it reconnects.

    Without it kombu waits for ever: it reopens its connection, but its event loop still listens to the closed socket.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: object, **_: object) -> None:
        self._timer: object | None = None

    def start(self, c: object) -> None:
        """Remembers the server's run id and compares it regularly."""
        first = _run_id(c)

        def check() -> None:
            if _run_id(c) != first:
                raise ConnectionLost("the server has been restarted")

        self._timer = c.timer.call_repeatedly(RESTART_CHECK_INTERVAL_S, check)  # type: ignore[attr-defined]

    def stop(self, c: object) -> None:
        """The next connection starts its own check."""
        if self._timer is not None:
            self._timer.cancel()  # type: ignore[attr-defined]


def _run_id(c: object) -> str:
    """The random id that the server chose at its start.

    It is read over another connection: on the consumer's own, the next answer belongs to the waiting BRPOP.
    """
    with c.connection.default_channel.conn_or_acquire() as client:  # type: ignore[attr-defined]
        return str(client.info("server")["run_id"])
