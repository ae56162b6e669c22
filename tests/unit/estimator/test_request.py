"""Every way through the work on a request ends in an outcome that the next delivery finds."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.values import Box, Detection, Estimate, Face
from attrai_estimator.worker.request import WorkerContext, process_request, store_hard_limit_outcome
from attrai_shared.contracts import AfterEstimate, Estimated, Failed, StoredOutcome, ToEstimate, read_stored_outcome
from attrai_shared.errors import NoFace, RequestStoreUnavailable, StoreUnavailable, TimedOut
from attrai_shared.photo_store import Part, PhotoStore
from celery.exceptions import SoftTimeLimitExceeded

ID = "0123456789abcdef0123456789abcdef"
SEALED = "A" * 72
MESSAGES = Path(__file__).parents[2] / "contracts/messages"
FACE = Face(Detection(Box(1, 2, 30, 40), np.zeros((5, 2), np.float32), 0.99), 7.25)
ESTIMATE = Estimate(100, 80, (FACE,), b"picture", {"decode": 0.01})


class AttemptCounter:
    """Attempts in memory; `away` for a Redis that does not answer."""

    def __init__(self, before: int = 0, *, away: bool = False) -> None:
        self.count, self.away = before, away

    def begin(self, request_id: str, deadline: float) -> int:
        if self.away:
            raise RequestStoreUnavailable
        self.count += 1
        return self.count


def raising(error: BaseException) -> Callable[[bytes], Estimate]:
    def estimate(_: bytes) -> Estimate:
        raise error

    return estimate


def message(deadline: float = 600.0) -> ToEstimate:
    now = time.time()
    return ToEstimate(request_id=ID, user=ID, reply_to=SEALED, accepted_at=now - 2, deadline=now + deadline)


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    store = PhotoStore(tmp_path)
    store.write(ID, Part.SOURCE, b"photo")
    return store


def process(
    store: PhotoStore,
    estimate: Callable[[bytes], Estimate],
    attempts: AttemptCounter | None = None,
    deadline: float = 600.0,
) -> AfterEstimate:
    return process_request(message(deadline), WorkerContext(store, attempts or AttemptCounter(), estimate, 3))


def outcome(store: PhotoStore) -> StoredOutcome:
    return read_stored_outcome(store.read(ID, Part.OUTCOME) or b"")


def test_a_good_photo_is_estimated_and_stored(store: PhotoStore) -> None:
    seen: list[bytes] = []

    def estimate(data: bytes) -> Estimate:
        seen.append(data)
        return ESTIMATE

    after = process(store, estimate)
    assert seen == [b"photo"]
    assert (after.failure, after.reply_to) == (None, SEALED)
    stored = outcome(store)
    assert isinstance(stored.outcome, Estimated)
    assert [face.score for face in stored.outcome.faces] == [7.25]
    assert after.seconds == {"decode": 0.01}
    assert after.queue_seconds == pytest.approx(2, abs=1.5)
    assert store.read(ID, Part.PICTURE) == b"picture"
    assert (stored.seconds, stored.queue_seconds) == (after.seconds, after.queue_seconds)


def test_no_score_is_published(store: PhotoStore) -> None:
    assert "7.25" not in process(store, lambda _: ESTIMATE).model_dump_json()


def test_a_second_delivery_finds_the_outcome_and_does_no_work(store: PhotoStore) -> None:
    first = process(store, lambda _: ESTIMATE)
    store.delete(ID, Part.SOURCE)
    again = process(store, raising(AssertionError()))
    assert (again.failure, again.seconds, again.queue_seconds) == (first.failure, first.seconds, first.queue_seconds)


def test_an_outcome_that_cannot_be_read_is_made_again(store: PhotoStore) -> None:
    store.write(ID, Part.OUTCOME, b'{"version": 1, "request')
    assert process(store, lambda _: ESTIMATE).failure is None
    assert isinstance(outcome(store).outcome, Estimated)


def test_an_outcome_of_version_1_is_published_without_work(store: PhotoStore) -> None:
    store.write(ID, Part.OUTCOME, (MESSAGES / "after_estimate.v1.estimated.json").read_bytes())
    after = process(store, raising(AssertionError()))
    assert (after.failure, after.seconds) == (None, {"decode": 0.01, "detect": 0.2})


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NoFace("none"), "no_face"),
        (SoftTimeLimitExceeded(), "timed_out"),
        (ZeroDivisionError(), "given_up"),
        (MemoryError(), "given_up"),
    ],
)
def test_a_pipeline_that_raises_is_an_outcome(store: PhotoStore, error: Exception, expected: str) -> None:
    after = process(store, raising(error))
    assert after.failure == expected
    assert outcome(store).outcome == Failed(code=expected)
    assert store.read(ID, Part.PICTURE) is None


def test_after_the_last_attempt_it_is_given_up_unseen(store: PhotoStore) -> None:
    assert process(store, raising(AssertionError()), AttemptCounter(before=3)).failure == "given_up"


def test_a_counter_that_is_away_does_not_hold_up_the_work(store: PhotoStore) -> None:
    assert process(store, lambda _: ESTIMATE, AttemptCounter(away=True)).failure is None


def test_past_the_deadline_there_is_no_work(store: PhotoStore) -> None:
    assert process(store, raising(AssertionError()), deadline=-1.0).failure == "timed_out"


def test_a_source_that_is_gone_is_given_up(store: PhotoStore) -> None:
    store.delete(ID)
    assert process(store, raising(AssertionError())).failure == "given_up"


def test_a_store_that_is_away_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        process(PhotoStore(tmp_path / "file" / "inside"), lambda _: ESTIMATE)


def test_a_process_killed_while_it_worked_ran_out_of_time(store: PhotoStore) -> None:
    store_hard_limit_outcome(ID, store)
    assert process(store, lambda _: ESTIMATE).failure == TimedOut.code


def test_a_process_killed_while_it_published_keeps_what_it_had(store: PhotoStore) -> None:
    process(store, lambda _: ESTIMATE)
    store_hard_limit_outcome(ID, store)
    assert process(store, raising(AssertionError("again"))).failure is None
