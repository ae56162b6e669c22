import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrai_bot.intake import publisher as publisher_module
from attrai_bot.intake.publisher import APART, PATIENCE, Outage, Publisher
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


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt, of a fifth of a second."""
    monkeypatch.setattr(publisher_module, "WITHIN", 0.2)
    monkeypatch.setattr(publisher_module, "PATIENCE", 0.0)


def message() -> ToEstimate:
    now = time.time()
    return ToEstimate(
        request_id=new_request_id(), user="a" * 32, reply_to="A" * 72, accepted_at=now, deadline=now + 600
    )


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_hangs_is_away_in_time(silent_port: int, impatient: None, scheme: str) -> None:
    publisher = Publisher(celery_app("bot", f"{scheme}://127.0.0.1:{silent_port}//"))
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_refuses_is_away(impatient: None, scheme: str) -> None:
    publisher = Publisher(celery_app("bot", f"{scheme}://127.0.0.1:1//"))
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())
    with pytest.raises(BrokerUnavailable):
        await publisher.declare()


async def test_a_hanging_broker_does_not_pile_up_threads(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(publisher_module, "publish", lambda *_: hanging.wait())
    publisher = Publisher(celery_app("bot", "redis://127.0.0.1:1/0"))
    before = threading.active_count()
    errors = await asyncio.gather(*(publisher.publish(message()) for _ in range(30)), return_exceptions=True)
    assert all(isinstance(error, BrokerUnavailable) for error in errors)
    assert threading.active_count() - before <= publisher_module.AT_ONCE
    hanging.set()
    await publisher.publish(message())


async def test_a_broker_that_starts_anew_is_waited_for(
    broker_url: str,
    server_socket: Path,
    tmp_path: Path,
    queue: Callable[[], list[ToEstimate]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "broker"
    publisher = Publisher(celery_app("bot", broker_url.replace(str(server_socket), str(path))))
    sent = [message() for _ in range(20)]
    publishing = asyncio.gather(*(publisher.publish(one) for one in sent))
    async with asyncio.timeout(30):
        while caplog.messages.count("broker_waited_for") < len(sent):
            await asyncio.sleep(0.01)
    path.symlink_to(server_socket)
    await publishing
    assert sorted(one.request_id for one in queue()) == sorted(one.request_id for one in sent)


async def test_a_long_outage_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "PATIENCE", 1.0)
    publisher = Publisher(celery_app("bot", "redis://127.0.0.1:1/0"))
    tries: list[str] = []

    def refused(_app: object, one: ToEstimate, _now: float) -> None:
        tries.append(one.request_id)
        raise BrokerUnavailable

    monkeypatch.setattr(publisher_module, "publish", refused)
    first, second = message(), message()
    for one in (first, second):
        with pytest.raises(BrokerUnavailable):
            await publisher.publish(one)
    assert tries.count(first.request_id) > 1
    assert tries.count(second.request_id) == 1


def test_patience_lasts_from_the_first_failure_and_is_new_for_another_outage() -> None:
    outage = Outage()
    assert outage.left(0.0) == PATIENCE
    assert outage.left(PATIENCE - 1) == 1
    assert outage.left(2 * PATIENCE - 2) == 2 - PATIENCE
    another = 2 * PATIENCE - 2 + APART + 1
    assert outage.left(another) == PATIENCE
    outage.end()
    assert outage.left(another + 1) == PATIENCE
