import pytest
from attrai_shared.errors import RefusedMessage
from attrai_shared.logs.events import FIELDS
from attrai_shared.refusal import read_or_reject
from celery.exceptions import Reject

READABLE = "readable"


def read(payload: object) -> str:
    if payload != READABLE:
        raise RefusedMessage("Message: field: missing")
    return READABLE


def test_a_readable_payload_becomes_a_message() -> None:
    assert read_or_reject(read, READABLE) == READABLE


@pytest.mark.logs_errors
def test_another_payload_is_logged_without_its_value_and_rejected_for_good(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Reject) as rejected:
        read_or_reject(read, {"secret": "value"})
    assert (rejected.value.reason, rejected.value.requeue) == ("refused_message", False)
    assert [getattr(record, FIELDS) for record in caplog.records] == [
        {"event": "message_refused", "reason": "Message: field: missing"}
    ]
