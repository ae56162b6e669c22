"""One request from message to outcome: what is done before, around and after the pipeline, whoever calls it and whatever happens."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from attrai_shared.contracts import AfterEstimate, Estimated, FaceScore, Failed, ToEstimate
from attrai_shared.errors import AttraiError, GivenUp, LedgerUnavailable, PhotoError, StoreUnavailable, TimedOut
from attrai_shared.logs import event
from attrai_shared.photo_store import Part, PhotoStore
from celery.exceptions import SoftTimeLimitExceeded
from pydantic import ValidationError

from attrai_estimator.values import Estimate

logger = logging.getLogger(__name__)


class Attempts(Protocol):
    """Counts how often work on a request began. Raises LedgerUnavailable."""

    def begin(self, request_id: str, deadline: float) -> int: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What work on a request needs: the store, the counter, the pipeline, and how many attempts there are."""

    store: PhotoStore
    attempts: Attempts
    estimate: Callable[[bytes], Estimate]
    most_attempts: int


def work(message: ToEstimate, desk: Desk) -> AfterEstimate:
    """The outcome of a request, stored with its picture before it is returned. Run again, it returns what was stored.

    Raises StoreUnavailable alone: without a store there is nothing to answer with, and the request must come again.
    """
    stored = stored_outcome(message, desk.store)
    if stored is not None:
        return stored
    started = time.time()
    result = _attempt(message, desk, started)
    queue_seconds = max(started - message.accepted_at, 0.0)
    if isinstance(result, Estimate):
        desk.store.write(message.request_id, Part.PICTURE, result.picture)
        after = _after(message, _estimated_faces(result), result.seconds, queue_seconds)
    else:
        after = _after(message, result, {}, queue_seconds)
    store_outcome(after, desk.store)
    _log(after)
    return after


def stored_outcome(message: ToEstimate, store: PhotoStore) -> AfterEstimate | None:
    """What an earlier run for the same request came to, if one did."""
    data = store.read(message.request_id, Part.OUTCOME)
    try:
        return None if data is None else AfterEstimate.model_validate_json(data)
    except ValidationError:  # of another version, or cut by a power failure: the work is done again
        return None


def store_outcome(after: AfterEstimate, store: PhotoStore) -> None:
    """The mark that the work on a request is done; written last."""
    store.write(after.request_id, Part.OUTCOME, after.model_dump_json().encode())


def failure(message: ToEstimate, error: type[AttraiError]) -> AfterEstimate:
    """The outcome of a request that ended without a picture."""
    return _after(message, Failed(code=error.code), {}, queue_seconds=0.0)


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
    except LedgerUnavailable:
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


def _after(
    message: ToEstimate, outcome: Estimated | Failed, seconds: dict[str, float], queue_seconds: float
) -> AfterEstimate:
    return AfterEstimate(
        request_id=message.request_id,
        user=message.user,
        reply_to=message.reply_to,
        deadline=message.deadline,
        outcome=outcome,
        seconds=seconds,
        queue_seconds=queue_seconds,
    )


def _estimated_faces(result: Estimate) -> Estimated:
    return Estimated(faces=tuple(FaceScore(score=face.score, reasons=face.quality.reasons) for face in result.faces))


def _log(after: AfterEstimate) -> None:
    outcome = after.outcome
    event(
        logger,
        "photo_estimated" if isinstance(outcome, Estimated) else "photo_failed",
        request_id=after.request_id,
        user=after.user,
        faces=len(outcome.faces) if isinstance(outcome, Estimated) else 0,
        code=outcome.code if isinstance(outcome, Failed) else "",
        seconds=after.seconds,
        queue_seconds=after.queue_seconds,
    )
