import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from attrai_bot.intake import publisher as publisher_module
from attrai_bot.intake.publisher import Publisher
from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import celery_app


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def message() -> ToEstimate:
    now = time.time()
    return ToEstimate(
        request_id=new_request_id(), user="a" * 32, reply_to="A" * 72, accepted_at=now, deadline=now + 600
    )


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_hangs_is_away_in_time(
    silent_port: int, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(publisher_module, "WITHIN", 0.2)
    publisher = Publisher(celery_app("bot", f"{scheme}://127.0.0.1:{silent_port}//"))
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_refuses_is_away(scheme: str) -> None:
    publisher = Publisher(celery_app("bot", f"{scheme}://127.0.0.1:1//"))
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())
    with pytest.raises(BrokerUnavailable):
        await publisher.declare()


async def test_a_hanging_broker_does_not_pile_up_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(publisher_module, "WITHIN", 0.2)
    monkeypatch.setattr(publisher_module, "publish", lambda *_: hanging.wait())
    publisher = Publisher(celery_app("bot", "redis://127.0.0.1:1/0"))
    before = threading.active_count()
    errors = await asyncio.gather(*(publisher.publish(message()) for _ in range(30)), return_exceptions=True)
    assert all(isinstance(error, BrokerUnavailable) for error in errors)
    assert threading.active_count() - before <= publisher_module.AT_ONCE
    hanging.set()
    await publisher.publish(message())
