"""Every way through the work on a request ends in an outcome that the next delivery finds."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from attrai_estimator.values import Box, Detection, Estimate, Face
from attrai_estimator.work import Desk, work
from attrai_shared.contracts import AfterEstimate, Estimated, Failed, ReplyAddress, ToEstimate
from attrai_shared.errors import LedgerUnavailable, NoFace, StoreUnavailable
from attrai_shared.photo_store import Part, PhotoStore
from celery.exceptions import SoftTimeLimitExceeded

ID = "0123456789abcdef0123456789abcdef"
FACE = Face(Detection(Box(1, 2, 30, 40), np.zeros((5, 2), np.float32), 0.99), 7.25)
ESTIMATE = Estimate(100, 80, (FACE,), b"picture", {"decode": 0.01})


class Counted:
    """Attempts in memory; `away` for a Redis that does not answer."""

    def __init__(self, before: int = 0, *, away: bool = False) -> None:
        self.count, self.away = before, away

    def begin(self, request_id: str, deadline: float) -> int:
        if self.away:
            raise LedgerUnavailable
        self.count += 1
        return self.count


def raising(error: BaseException) -> Callable[[bytes], Estimate]:
    def estimate(_: bytes) -> Estimate:
        raise error

    return estimate


def message(deadline: float = 600.0) -> ToEstimate:
    address = ReplyAddress(chat_id=7, photo_message_id=1, waiting_message_id=2, language="en")
    now = time.time()
    return ToEstimate(request_id=ID, user=ID, reply_to=address, accepted_at=now - 2, deadline=now + deadline)


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    store = PhotoStore(tmp_path)
    store.write(ID, Part.SOURCE, b"photo")
    return store


def worked(
    store: PhotoStore, estimate: Callable[[bytes], Estimate], attempts: Counted | None = None, deadline: float = 600.0
) -> AfterEstimate:
    return work(message(deadline), Desk(store, attempts or Counted(), estimate, 3))


def code(after: AfterEstimate) -> str:
    assert isinstance(after.outcome, Failed)
    return after.outcome.code


def test_a_good_photo_is_estimated_and_stored(store: PhotoStore) -> None:
    seen: list[bytes] = []

    def estimate(data: bytes) -> Estimate:
        seen.append(data)
        return ESTIMATE

    after = worked(store, estimate)
    assert seen == [b"photo"]
    assert isinstance(after.outcome, Estimated)
    assert [face.score for face in after.outcome.faces] == [7.25]
    assert after.seconds == {"decode": 0.01}
    assert after.queue_seconds == pytest.approx(2, abs=1.5)
    assert store.read(ID, Part.PICTURE) == b"picture"
    assert AfterEstimate.model_validate_json(store.read(ID, Part.OUTCOME) or b"") == after


def test_a_second_delivery_finds_the_outcome_and_does_no_work(store: PhotoStore) -> None:
    first = worked(store, lambda _: ESTIMATE)
    store.delete(ID, Part.SOURCE)
    assert worked(store, raising(AssertionError())) == first


def test_an_outcome_that_cannot_be_read_is_made_again(store: PhotoStore) -> None:
    store.write(ID, Part.OUTCOME, b'{"version": 1, "request')
    assert isinstance(worked(store, lambda _: ESTIMATE).outcome, Estimated)


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
    after = worked(store, raising(error))
    assert code(after) == expected
    assert AfterEstimate.model_validate_json(store.read(ID, Part.OUTCOME) or b"") == after
    assert store.read(ID, Part.PICTURE) is None


def test_after_the_last_attempt_it_is_given_up_unseen(store: PhotoStore) -> None:
    assert code(worked(store, raising(AssertionError()), Counted(before=3))) == "given_up"


def test_a_counter_that_is_away_does_not_hold_up_the_work(store: PhotoStore) -> None:
    assert isinstance(worked(store, lambda _: ESTIMATE, Counted(away=True)).outcome, Estimated)


def test_past_the_deadline_there_is_no_work(store: PhotoStore) -> None:
    assert code(worked(store, raising(AssertionError()), deadline=-1.0)) == "timed_out"


def test_a_source_that_is_gone_is_given_up(store: PhotoStore) -> None:
    store.delete(ID)
    assert code(worked(store, raising(AssertionError()))) == "given_up"


def test_a_store_that_is_away_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        worked(PhotoStore(tmp_path / "file" / "inside"), lambda _: ESTIMATE)
