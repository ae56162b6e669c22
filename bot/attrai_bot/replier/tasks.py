"""The replier's edge to the queues: outcomes to deliver, and requests that the broker gave up."""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TypeVar

from attrai_shared.contracts import AfterEstimate, ToEstimate, read_after_estimate, read_to_estimate
from attrai_shared.errors import GivenUp, RefusedMessage
from attrai_shared.logs import event
from attrai_shared.queues import AFTER_ESTIMATE, TO_ESTIMATE, task_name
from celery import Task
from celery.exceptions import Reject

from attrai_bot.delivery.pending_reply import Delivery

logger = logging.getLogger(__name__)

Message = TypeVar("Message")
Deliver = Callable[[AfterEstimate], Delivery]
"""Delivers an outcome. Raises CancelledError when the process stops, RefusedMessage for an address of another key."""


class ReplyTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.after_estimate`: delivers the outcome."""

    name = task_name(AFTER_ESTIMATE)

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def run(self, payload: object) -> None:
        _deliver_or_reject(self._deliver, _read(read_after_estimate, payload))


class GivenUpTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.to_estimate` from the dead letters: delivered too often, or expired. The user is told."""

    name = task_name(TO_ESTIMATE)

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def run(self, payload: object) -> None:
        _deliver_or_reject(self._deliver, given_up(_read(read_to_estimate, payload)))


def given_up(message: ToEstimate) -> AfterEstimate:
    """The outcome of a request that no estimator gets again."""
    return AfterEstimate(
        request_id=message.request_id,
        user=message.user,
        reply_to=message.reply_to,
        deadline=message.deadline,
        failure=GivenUp.code,
    )


def _deliver_or_reject(deliver: Deliver, message: AfterEstimate) -> None:
    """Returns only if nothing is left to do. Otherwise the broker delivers the message again."""
    try:
        delivery = deliver(message)
    except CancelledError as error:
        raise Reject("the replier stops", requeue=True) from error
    except RefusedMessage as error:
        raise _refusal(error) from error
    if not delivery.is_final:
        raise Reject(delivery.value, requeue=True)


def _read(read: Callable[[object], Message], payload: object) -> Message:
    try:
        return read(payload)
    except RefusedMessage as error:
        raise _refusal(error) from error


def _refusal(error: RefusedMessage) -> Reject:
    """Dead-letters the message for an operator, where the broker can."""
    event(logger, "message_refused", level=logging.ERROR, reason=str(error))
    return Reject(error.code, requeue=False)
