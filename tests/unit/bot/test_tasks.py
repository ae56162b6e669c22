import time
from concurrent.futures import CancelledError

import pytest
from attrai_bot.delivery.pending_reply import Delivery
from attrai_bot.replier.tasks import GivenUpTask, ReplyTask
from attrai_shared.contracts import AfterEstimate, ToEstimate
from attrai_shared.errors import GivenUp, NoFace, RefusedMessage
from celery.exceptions import Reject

ADDRESS = "A" * 72
ABOUT = {"request_id": "a" * 32, "user": "b" * 32, "reply_to": ADDRESS, "deadline": time.time() + 600}
TO_ESTIMATE = ToEstimate.model_validate({**ABOUT, "accepted_at": time.time()})
AFTER_ESTIMATE = AfterEstimate.model_validate({**ABOUT, "failure": NoFace.code})


def stopping(message: AfterEstimate) -> Delivery:
    raise CancelledError


def test_a_message_is_delivered() -> None:
    replied: list[AfterEstimate] = []
    task = ReplyTask(lambda message: replied.append(message) or Delivery.SENT)  # type: ignore[func-returns-value]
    task.run(AFTER_ESTIMATE.model_dump(mode="json"))
    assert replied == [AFTER_ESTIMATE]


def test_a_request_among_the_dead_letters_is_given_up() -> None:
    replied: list[AfterEstimate] = []
    task = GivenUpTask(lambda message: replied.append(message) or Delivery.SENT)  # type: ignore[func-returns-value]
    task.run(TO_ESTIMATE.model_dump(mode="json"))
    assert [(one.request_id, one.reply_to, one.failure) for one in replied] == [("a" * 32, ADDRESS, GivenUp.code)]


@pytest.mark.parametrize("delivery", [Delivery.HELD, Delivery.AWAY])
def test_an_unfinished_delivery_is_requeued(delivery: Delivery) -> None:
    with pytest.raises(Reject) as rejected:
        ReplyTask(lambda _: delivery).run(AFTER_ESTIMATE.model_dump(mode="json"))
    assert rejected.value.requeue


def test_a_delivery_cut_off_by_a_stop_is_requeued() -> None:
    with pytest.raises(Reject) as rejected:
        ReplyTask(stopping).run(AFTER_ESTIMATE.model_dump(mode="json"))
    assert rejected.value.requeue


def not_ours(message: AfterEstimate) -> Delivery:
    raise RefusedMessage("the address was not sealed for this request by our key")


@pytest.mark.logs_errors
def test_an_address_of_another_key_is_dead_lettered_and_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Reject) as rejected:
        ReplyTask(not_ours).run(AFTER_ESTIMATE.model_dump(mode="json"))
    assert not rejected.value.requeue
    assert "message_refused" in caplog.text
    assert ADDRESS not in caplog.text


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    "payload", [None, {}, {"version": 9}, TO_ESTIMATE.model_dump(mode="json") | {"chat": 123456789}]
)
@pytest.mark.parametrize("task", [ReplyTask, GivenUpTask])
def test_an_unreadable_message_is_dead_lettered_and_not_quoted(
    task: type[ReplyTask | GivenUpTask], payload: object, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Reject) as rejected:
        task(stopping).run(payload)
    assert not rejected.value.requeue
    assert "123456789" not in caplog.text
