"""The one place where a task refuses its message."""

import logging
from collections.abc import Callable
from typing import TypeVar

from celery.exceptions import Reject

from attrai_shared.errors import RefusedMessage
from attrai_shared.logs import event

logger = logging.getLogger(__name__)

Message = TypeVar("Message")


def read_or_reject(read: Callable[[object], Message], payload: object) -> Message:
    """What `read` makes of a task's payload. Raises Reject where it raises RefusedMessage."""
    try:
        return read(payload)
    except RefusedMessage as error:
        raise rejection(error) from error


def rejection(error: RefusedMessage) -> Reject:
    """Logs the refusal.

    Raised by a task, the result moves the message to the dead letters, where the broker has them.
    """
    event(logger, "message_refused", level=logging.ERROR, reason=str(error))
    return Reject(error.code, requeue=False)
