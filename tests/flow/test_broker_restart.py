"""Intake's publisher and a real RabbitMQ whose connections break, and which then is away for a while."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from attrai_bot.intake.publisher import Publisher
from attrai_shared.contracts import ToEstimate, read_to_estimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import TO_ESTIMATE, celery_app, publish
from kombu import Connection

from tests.flow import servers

pytestmark = pytest.mark.rabbitmq
MESSAGES = 12
"""More than there are publishing threads."""


@pytest.fixture(scope="module")
def rabbitmq_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if missing := servers.missing_rabbitmq():
        pytest.skip(missing)
    with servers.rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as url:
        yield url


@asynccontextmanager
async def relay(port: int, to: int) -> AsyncIterator[None]:
    """A way to the server that is there while the block runs; then its connections break, and new ones are refused."""
    open_writers: set[asyncio.StreamWriter] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        open_writers.add(sink)
        while data := await source.read(65_536):
            sink.write(data)
        sink.close()

    async def connected(here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        there, forth = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pump(here, forth), pump(there, back), return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()


def messages(count: int) -> list[ToEstimate]:
    now = time.time()
    return [
        ToEstimate(request_id=new_request_id(), user="a" * 32, reply_to="A" * 72, accepted_at=now, deadline=now + 600)
        for _ in range(count)
    ]


def queued(url: str) -> Counter[str]:
    """How often each request is in the queue; this empties it."""
    found: Counter[str] = Counter()
    with Connection(url) as connection:
        queue = connection.SimpleQueue(TO_ESTIMATE, queue_opts={"passive": True, "no_declare": True})
        while message := queue.queue.get(no_ack=True):
            found[read_to_estimate(message.payload[0][0]).request_id] += 1
    return found


async def test_no_photo_is_turned_away_when_connections_break_and_the_broker_is_away(
    rabbitmq_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    port, real = servers.free_port(), int(rabbitmq_url.rpartition(":")[2].strip("/"))
    publisher = Publisher(celery_app("bot", rabbitmq_url.replace(f":{real}/", f":{port}/")))
    first, second, third = messages(MESSAGES), messages(MESSAGES), messages(MESSAGES)
    async with relay(port, real):
        await publisher.declare()
        await asyncio.gather(*(publisher.publish(one) for one in first))
    async with relay(port, real):
        await asyncio.gather(*(publisher.publish(one) for one in second))
    assert "server_waited_for" not in caplog.messages, "it was there: only the connections were gone"
    publishing = asyncio.gather(*(publisher.publish(one) for one in third))
    async with asyncio.timeout(60):
        while "server_waited_for" not in caplog.messages:
            await asyncio.sleep(0.05)
    async with relay(port, real):
        await publishing
    sent = {one.request_id for one in (*first, *second, *third)}
    assert set(await asyncio.to_thread(queued, rabbitmq_url)) == sent


async def test_a_new_connection_publishes_when_those_of_the_pool_are_broken(rabbitmq_url: str) -> None:
    port, real = servers.free_port(), int(rabbitmq_url.rpartition(":")[2].strip("/"))
    app = celery_app("bot", rabbitmq_url.replace(f":{real}/", f":{port}/"))
    async with relay(port, real):
        await Publisher(app).declare()
        await asyncio.to_thread(publish, app, messages(1)[0], time.time())
    (pooled, new) = messages(2)
    async with relay(port, real):
        with pytest.raises(BrokerUnavailable):
            await asyncio.to_thread(publish, app, pooled, time.time(), once=True)
    async with relay(port, real):
        await asyncio.to_thread(publish, app, new, time.time(), once=True, new_connection=True)
    assert new.request_id in await asyncio.to_thread(queued, rabbitmq_url)
