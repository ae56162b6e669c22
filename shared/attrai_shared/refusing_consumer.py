"""A Celery consumer that sets aside what it cannot read, quietly: no body in a log, never acknowledged and lost.

On RabbitMQ a rejected message goes to the dead letters, and from there to the `refused` queue; the Redis protocol can only drop it.
"""

import logging

from celery.worker.consumer import Consumer
from kombu import Message

from attrai_shared.logs import event

logger = logging.getLogger(__name__)


class RefusingConsumer(Consumer):  # type: ignore[misc]  # Celery ships no types
    """Celery's consumer, with the four ways out for a message that is not a task of ours.

    It makes none of the 28 queues for delayed tasks: nothing here is delayed, and in production a service may create no queue.
    """

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # Celery ships no types
        default_steps = tuple(
            step for step in Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        )

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
