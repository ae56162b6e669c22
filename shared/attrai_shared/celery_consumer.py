"""A Celery consumer that sets aside what it cannot read, quietly: no body in a log, never acknowledged and lost.

On RabbitMQ a rejected message goes to the dead letters, and from there to the `refused` queue; the Redis protocol can only drop it.
"""

import logging
import time

from celery import bootsteps
from celery.worker.consumer import Consumer
from kombu import Connection, Message
from redis.exceptions import ConnectionError as ConnectionLost

from attrai_shared.logs import event

logger = logging.getLogger(__name__)

EVENTS_TOGETHER = 1.0
"""Seconds for which events for monitors are gathered."""
LOOK = 1.0
"""Seconds between two questions to the server, each of a fraction of a millisecond."""


class RefusingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Celery's consumer, with the four ways out for a message that is not a task of ours.

    Events for monitors go out unconfirmed and together: nothing waits for them, and one that is lost costs nobody an answer.
    It makes none of the 28 queues for delayed tasks: nothing here is delayed, and in production a service may create no queue.
    """

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # Celery ships no types
        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

    _next_flush = 0.0

    def connection_for_write(self, url: str | None = None, heartbeat: int | None = None) -> Connection:
        """The connection of the events alone: without the confirmation for which every other message waits."""
        connection = self.app.connection_for_write(url=url, heartbeat=heartbeat)
        connection.transport_options = connection.transport_options | {"confirm_publish": False}
        return self.ensure_connected(connection)

    def on_send_event_buffered(self) -> None:
        now = time.monotonic()
        if now >= self._next_flush:
            self._next_flush = now + EVENTS_TOGETHER
            self.timer.call_after(EVENTS_TOGETHER, self._flush_events)

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
    """Raises a connection error into the consumer's loop, which then connects from the beginning."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: object, **_: object) -> None:
        self._timer: object | None = None

    def start(self, c: object) -> None:
        """Remembers which server it is, and asks again and again."""
        first = _server(c)

        def look() -> None:
            if _server(c) != first:
                raise ConnectionLost("the server has been started anew")

        self._timer = c.timer.call_repeatedly(LOOK, look)  # type: ignore[attr-defined]

    def stop(self, c: object) -> None:
        """The next connection has a watch of its own."""
        if self._timer is not None:
            self._timer.cancel()  # type: ignore[attr-defined]


def _server(c: object) -> str:
    """The random id that the server gave itself when it started.

    Asked on a connection of its own: on the consumer's, where its BRPOP waits, the next answer is a message, or that there is none.
    """
    with c.connection.default_channel.conn_or_acquire() as client:  # type: ignore[attr-defined]
        return str(client.info("server")["run_id"])
