"""The work on one request, from its message to the published outcome. Read `process_request` from top to bottom."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from attrai_shared.contracts import (
    AfterEstimate,
    Estimated,
    FaceScore,
    Failed,
    StoredOutcome,
    ToEstimate,
    read_stored_outcome,
)
from attrai_shared.errors import (
    AttraiError,
    GivenUp,
    PhotoError,
    RefusedMessage,
    RequestStoreUnavailable,
    StoreUnavailable,
    TimedOut,
)
from attrai_shared.logs import event
from attrai_shared.photo_store import Part, PhotoStore
from celery.exceptions import SoftTimeLimitExceeded

from attrai_estimator.values import Estimate

logger = logging.getLogger(__name__)


class Attempts(Protocol):
    """Counts how often work on a request began. Raises RequestStoreUnavailable."""

    def begin(self, request_id: str, deadline: float) -> int: ...


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What work on a request needs. `estimate` is the pipeline with its networks; `max_attempts` bounds the attempts."""

    store: PhotoStore
    attempts: Attempts
    estimate: Callable[[bytes], Estimate]
    max_attempts: int


def process_request(message: ToEstimate, context: WorkerContext) -> AfterEstimate:
    """Estimate the photo, store its picture and outcome, and return the message that follows.

    A redelivered request returns the stored outcome without work. Raises StoreUnavailable alone.
    """
    stored = _read_outcome(message.request_id, context.store)
    if stored is None:
        started = time.time()
        result = _attempt(message, context, started)
        stored = _to_store(result, queue_seconds=max(started - message.accepted_at, 0.0))
        if isinstance(result, Estimate):
            context.store.write(message.request_id, Part.PICTURE, result.picture)
        store_outcome(message.request_id, stored, context.store)
        _log(message, stored)
    return outcome_message(message, stored)


def failed_outcome(error: type[AttraiError]) -> StoredOutcome:
    """The outcome of a request that ended without a picture."""
    return StoredOutcome(outcome=Failed(code=error.code))


def store_hard_limit_outcome(request_id: str, store: PhotoStore) -> None:
    """Record that the process was killed at the hard limit. An outcome that it had already stored stays."""
    if _read_outcome(request_id, store) is None:
        store_outcome(request_id, failed_outcome(TimedOut), store)


def store_outcome(request_id: str, stored: StoredOutcome, store: PhotoStore) -> None:
    """Mark the work on a request as done. It is written last."""
    store.write(request_id, Part.OUTCOME, stored.model_dump_json().encode())


def outcome_message(message: ToEstimate, stored: StoredOutcome) -> AfterEstimate:
    """The outcome as it is published: without the faces, which stay in the store."""
    return AfterEstimate(
        request_id=message.request_id,
        user=message.user,
        reply_to=message.reply_to,
        deadline=message.deadline,
        failure=stored.outcome.code if isinstance(stored.outcome, Failed) else None,
        seconds=stored.seconds,
        queue_seconds=stored.queue_seconds,
    )


def _read_outcome(request_id: str, store: PhotoStore) -> StoredOutcome | None:
    """The outcome of an earlier delivery. None also for one of another version or cut by a power failure."""
    data = store.read(request_id, Part.OUTCOME)
    try:
        return None if data is None else read_stored_outcome(data)
    except RefusedMessage:
        return None


def _attempt(message: ToEstimate, context: WorkerContext, now: float) -> Estimate | Failed:
    if now >= message.deadline:
        return Failed(code=TimedOut.code)
    source = context.store.read(message.request_id, Part.SOURCE)
    if source is None or _count_attempt(message, context) > context.max_attempts:
        return Failed(code=GivenUp.code)
    try:
        return context.estimate(source)
    except PhotoError as error:
        return Failed(code=error.code)
    except SoftTimeLimitExceeded:
        return Failed(code=TimedOut.code)
    except StoreUnavailable:
        raise
    except Exception:  # noqa: BLE001  # whatever a library raises for a hostile photo, the user gets an answer
        event(
            logger,
            "pipeline_failed",
            level=logging.ERROR,
            exc_info=True,
            request_id=message.request_id,
            user=message.user,
        )
        return Failed(code=GivenUp.code)


def _count_attempt(message: ToEstimate, context: WorkerContext) -> int:
    """The number of this attempt. 1 if Redis is away: the broker's delivery limit is the backstop."""
    try:
        return context.attempts.begin(message.request_id, message.deadline)
    except RequestStoreUnavailable:
        event(logger, "attempt_not_counted", level=logging.WARNING, request_id=message.request_id, user=message.user)
        return 1


def _to_store(result: Estimate | Failed, queue_seconds: float) -> StoredOutcome:
    if isinstance(result, Failed):
        return StoredOutcome(outcome=result, queue_seconds=queue_seconds)
    faces = tuple(FaceScore(score=face.score, reasons=face.quality.reasons) for face in result.faces)
    return StoredOutcome(outcome=Estimated(faces=faces), seconds=result.seconds, queue_seconds=queue_seconds)


def _log(message: ToEstimate, stored: StoredOutcome) -> None:
    outcome = stored.outcome
    event(
        logger,
        "photo_estimated" if isinstance(outcome, Estimated) else "photo_failed",
        request_id=message.request_id,
        user=message.user,
        faces=len(outcome.faces) if isinstance(outcome, Estimated) else 0,
        code=outcome.code if isinstance(outcome, Failed) else "",
        seconds=stored.seconds,
        queue_seconds=stored.queue_seconds,
    )
