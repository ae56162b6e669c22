"""The replier's edge to the queues: outcomes to deliver, and requests that the broker gave up."""

from collections.abc import Callable
from concurrent.futures import CancelledError

from attrai_shared.contracts import AfterEstimate, ToEstimate, read_after_estimate, read_to_estimate
from attrai_shared.errors import GivenUp, RefusedMessage
from attrai_shared.queues import AFTER_ESTIMATE, TO_ESTIMATE, task_name
from attrai_shared.refusal import read_or_reject, rejection
from celery import Task
from celery.exceptions import Reject

from attrai_bot.delivery.pending_reply import Delivery

Deliver = Callable[[AfterEstimate], Delivery]
"""Delivers an outcome. Raises CancelledError when the process stops, RefusedMessage for an address of another key."""


class ReplyTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.after_estimate`: delivers the outcome."""

    name = task_name(AFTER_ESTIMATE)

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def run(self, payload: object) -> None:
        _deliver_or_reject(self._deliver, read_or_reject(read_after_estimate, payload))


class GivenUpTask(Task):  # type: ignore[misc]  # Celery ships no types
    """`attrai.to_estimate` from the dead letters: delivered too often, or expired. The user is told."""

    name = task_name(TO_ESTIMATE)

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def run(self, payload: object) -> None:
        _deliver_or_reject(self._deliver, given_up(read_or_reject(read_to_estimate, payload)))


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
        raise rejection(error) from error
    if not delivery.is_final:
        raise Reject(delivery.value, requeue=True)
