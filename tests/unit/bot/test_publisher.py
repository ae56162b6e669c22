import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from attrai_bot.intake import publisher as publisher_module
from attrai_bot.intake.publisher import Publisher
from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import celery_app
from attrai_shared.retry import OutageRetry


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def publisher_to(url: str) -> Publisher:
    """A publisher that does not wait for a broker that is away."""
    return Publisher(celery_app("bot", url), OutageRetry(BrokerUnavailable, timeout_s=0.0))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "PUBLISH_TIMEOUT_S", 0.2)


def message() -> ToEstimate:
    now = time.time()
    return ToEstimate(
        request_id=new_request_id(), user="a" * 32, reply_to="A" * 72, accepted_at=now, deadline=now + 600
    )


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_hangs_fails_after_the_timeout(silent_port: int, hasty: None, scheme: str) -> None:
    publisher = publisher_to(f"{scheme}://127.0.0.1:{silent_port}//")
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
async def test_a_broker_that_refuses_is_an_error(scheme: str) -> None:
    publisher = publisher_to(f"{scheme}://127.0.0.1:1//")
    for call in (partial(publisher.publish, message()), publisher.declare):
        with pytest.raises(BrokerUnavailable) as refused:
            await call()
        assert "in time" not in str(refused.value)


async def test_a_hanging_broker_does_not_pile_up_threads(hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(publisher_module, "publish", lambda *_, **__: hanging.wait())
    publisher = publisher_to("redis://127.0.0.1:1/0")
    before = _publishing()
    errors = await asyncio.gather(*(publisher.publish(message()) for _ in range(30)), return_exceptions=True)
    assert all(isinstance(error, BrokerUnavailable) for error in errors)
    assert len(_publishing() - before) == publisher_module.MAX_THREADS
    hanging.set()
    monkeypatch.setattr(publisher_module, "PUBLISH_TIMEOUT_S", 30.0)
    await publisher.publish(message())


def _publishing() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "publish"}


async def test_publishing_waits_for_a_broker_that_restarts(
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
    async with asyncio.timeout(60):
        while caplog.messages.count("server_waited_for") < len(sent):
            await asyncio.sleep(0.01)
    path.symlink_to(server_socket)
    await publishing
    assert sorted(one.request_id for one in queue()) == sorted(one.request_id for one in sent)


async def test_an_unconfirmed_message_is_published_at_most_three_times(
    broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(celery_app("bot", broker_url))
    copies: list[tuple[str, bool]] = []

    def unconfirmed(_app: object, one: ToEstimate, _now: float, *, once: bool, new_connection: bool) -> None:
        copies.append((one.request_id, new_connection))
        raise BrokerUnavailable

    monkeypatch.setattr(publisher_module, "publish", unconfirmed)
    with pytest.raises(BrokerUnavailable):
        await publisher.publish(message())
    assert [new_connection for _, new_connection in copies] == [False, True, True]


async def test_a_waiting_publish_can_be_cancelled(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher(celery_app("bot", f"redis+socket://{tmp_path}/nobody"))
    publishing = asyncio.create_task(publisher.publish(message()))
    async with asyncio.timeout(30):
        while "server_waited_for" not in caplog.messages:
            await asyncio.sleep(0.01)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
