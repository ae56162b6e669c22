"""The replier's edge to the queues: an outcome to deliver, or a request that the broker gave up."""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TypeVar

from attrai_shared.contracts import AfterEstimate, ToEstimate, read_after_estimate, read_to_estimate
from attrai_shared.errors import GivenUp, RefusedMessage
from attrai_shared.queues import AFTER_ESTIMATE, TO_ESTIMATE, task_name
from attrai_shared.refusal import read_or_reject, rejection
from celery import Task
from celery.exceptions import Reject

from attrai_bot.delivery.pending_reply import Delivery

logger = logging.getLogger(__name__)

Message = TypeVar("Message")
Reply = Callable[[AfterEstimate], Delivery]
"""Delivers a message's outcome and says how that went.

Raises CancelledError when the process stops meanwhile, RefusedMessage for an address that is not ours.
"""
LIVES_ON = (Delivery.HELD, Delivery.AWAY)


class ReplyTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.after_estimate`: deliver the outcome."""

    name = task_name(AFTER_ESTIMATE)

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def run(self, payload: object) -> None:
        _answered(self._reply, read_or_reject(read_after_estimate, payload))


class GivenUpTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.to_estimate` among the dead letters: handed out too often, or expired; the user is told."""

    name = task_name(TO_ESTIMATE)

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def run(self, payload: object) -> None:
        _answered(self._reply, given_up(read_or_reject(read_to_estimate, payload)))


def given_up(message: ToEstimate) -> AfterEstimate:
    """The outcome of a request that no estimator will see again."""
    return AfterEstimate(
        request_id=message.request_id,
        user=message.user,
        reply_to=message.reply_to,
        deadline=message.deadline,
        failure=GivenUp.code,
    )


def _answered(reply: Reply, message: AfterEstimate) -> None:
    """Ends without an error only if nothing is left to do; else the broker hands the message out again."""
    try:
        delivery = reply(message)
    except CancelledError as error:
        raise Reject("the replier stops", requeue=True) from error
    except RefusedMessage as error:
        raise rejection(error) from error
    if delivery in LIVES_ON:
        raise Reject(delivery.value, requeue=True)
