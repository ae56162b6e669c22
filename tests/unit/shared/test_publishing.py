import time

import pytest
from amqp.exceptions import AccessRefused, ConnectionForced, InternalError, NotFound
from attrai_shared.contracts import AfterEstimate, ToEstimate
from attrai_shared.errors import BrokerUnavailable, NoFace
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import celery_app, check_connection, publish
from kombu.exceptions import OperationalError
from redis.exceptions import BusyLoadingError

NOW = time.time()
TO = ToEstimate(request_id=new_request_id(), user="a" * 32, reply_to="A" * 72, accepted_at=NOW, deadline=NOW + 600)
AFTER = AfterEstimate(
    request_id=TO.request_id, user=TO.user, reply_to=TO.reply_to, deadline=TO.deadline, failure=NoFace.code
)


@pytest.mark.parametrize("message", [TO, AFTER])
@pytest.mark.parametrize(
    "error",
    [OperationalError(), ConnectionResetError(), BusyLoadingError()]
    + [refusal() for refusal in (AccessRefused, NotFound, InternalError, ConnectionForced)],
    ids=lambda error: type(error).__name__,
)
def test_any_error_instead_of_a_confirmation_means_broker_unavailable(
    message: ToEstimate | AfterEstimate, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = celery_app("bot", "amqp://127.0.0.1:1//")

    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(app, "send_task", refused)
    with pytest.raises(BrokerUnavailable, match=type(error).__name__):
        publish(app, message, NOW)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_does_not_listen_is_unavailable(scheme: str) -> None:
    with pytest.raises(BrokerUnavailable):
        check_connection(celery_app("bot", f"{scheme}://127.0.0.1:1//"))
