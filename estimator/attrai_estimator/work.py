"""One request from message to outcome: what is done before, around and after the pipeline, whoever calls it and whatever happens."""

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
class Desk:
    """What work on a request needs: the store, the counter, the pipeline, and how many attempts there are."""

    store: PhotoStore
    attempts: Attempts
    estimate: Callable[[bytes], Estimate]
    most_attempts: int


def work(message: ToEstimate, desk: Desk) -> AfterEstimate:
    """What follows a request, its outcome stored with its picture before. Run again, it returns what was stored.

    Raises StoreUnavailable alone: without a store there is nothing to answer with, and the request must come again.
    """
    stored = _stored_before(message.request_id, desk.store)
    if stored is None:
        stored = _done(message, desk)
        store_outcome(message.request_id, stored, desk.store)
        _log(message, stored)
    return after(message, stored)


def failed(error: type[AttraiError]) -> StoredOutcome:
    """The outcome of a request that ended without a picture."""
    return StoredOutcome(outcome=Failed(code=error.code))


def store_killed(request_id: str, store: PhotoStore) -> None:
    """The outcome of a request whose process was killed at the hard limit, unless it had one: it may have been publishing it."""
    if _stored_before(request_id, store) is None:
        store_outcome(request_id, failed(TimedOut), store)


def store_outcome(request_id: str, stored: StoredOutcome, store: PhotoStore) -> None:
    """The mark that the work on a request is done; written last."""
    store.write(request_id, Part.OUTCOME, stored.model_dump_json().encode())


def after(message: ToEstimate, stored: StoredOutcome) -> AfterEstimate:
    """What is published: the outcome without its faces, which stay in the store."""
    return AfterEstimate(
        request_id=message.request_id,
        user=message.user,
        reply_to=message.reply_to,
        deadline=message.deadline,
        failure=stored.outcome.code if isinstance(stored.outcome, Failed) else None,
        seconds=stored.seconds,
        queue_seconds=stored.queue_seconds,
    )


def _stored_before(request_id: str, store: PhotoStore) -> StoredOutcome | None:
    """What an earlier run for the same request came to, if one did."""
    data = store.read(request_id, Part.OUTCOME)
    try:
        return None if data is None else read_stored_outcome(data)
    except RefusedMessage:  # of another version, or cut by a power failure: the work is done again
        return None


def _done(message: ToEstimate, desk: Desk) -> StoredOutcome:
    started = time.time()
    result = _attempt(message, desk, started)
    queue_seconds = max(started - message.accepted_at, 0.0)
    if isinstance(result, Failed):
        return StoredOutcome(outcome=result, queue_seconds=queue_seconds)
    desk.store.write(message.request_id, Part.PICTURE, result.picture)
    return StoredOutcome(outcome=_estimated_faces(result), seconds=result.seconds, queue_seconds=queue_seconds)


def _attempt(message: ToEstimate, desk: Desk, now: float) -> Estimate | Failed:
    if now >= message.deadline:
        return Failed(code=TimedOut.code)
    source = desk.store.read(message.request_id, Part.SOURCE)
    if source is None or _begun(message, desk) > desk.most_attempts:
        return Failed(code=GivenUp.code)
    return _estimated(message, desk, source)


def _begun(message: ToEstimate, desk: Desk) -> int:
    """The number of this attempt; 1 where the counter is away, since the broker's delivery limit stands behind it."""
    try:
        return desk.attempts.begin(message.request_id, message.deadline)
    except RequestStoreUnavailable:
        event(logger, "attempt_not_counted", level=logging.WARNING, request_id=message.request_id, user=message.user)
        return 1


def _estimated(message: ToEstimate, desk: Desk, source: bytes) -> Estimate | Failed:
    try:
        return desk.estimate(source)
    except PhotoError as error:
        return Failed(code=error.code)
    except SoftTimeLimitExceeded:
        return Failed(code=TimedOut.code)
    except StoreUnavailable:
        raise
    except Exception:  # noqa: BLE001  # whatever a library throws at a hostile photo, the user gets an answer
        event(
            logger,
            "pipeline_failed",
            level=logging.ERROR,
            exc_info=True,
            request_id=message.request_id,
            user=message.user,
        )
        return Failed(code=GivenUp.code)


def _estimated_faces(result: Estimate) -> Estimated:
    return Estimated(faces=tuple(FaceScore(score=face.score, reasons=face.quality.reasons) for face in result.faces))


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
