"""Messages that no service sends: refused without a crash, logged without their body, parked if the broker can."""

import asyncio
import json
import os
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from amqp.exceptions import AMQPError
from attrai_playground.bot_api.client import ChatClient
from attrai_shared import keys
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import AFTER_ESTIMATE, REFUSED, TASKS, TO_ESTIMATE, all_queues, celery_app, declare, task_name
from kombu import Connection

from tests.flow.chat_replies import TIMEOUT_S, replies, reply_to
from tests.flow.conftest import RABBITMQ, System
from tests.flow.test_flow import settled

CANARY = "canary-1f2e3d"
SEALED = "A" * 72
JSON, PICKLE = ("application/json", "utf-8"), ("application/x-python-serialize", "binary")
TOO_LARGE = 70_000
"""Bytes; production's broker takes 65,536 at most, and so does the tests'."""


@dataclass(frozen=True)
class Forgery:
    """A task's body as somebody with a broker password may write it."""

    queue: str
    body: bytes
    kind: tuple[str, str] = JSON


class Command:
    """A pickle that runs a command in the process that opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def to_estimate(**changes: object) -> Forgery:
    return Forgery(TO_ESTIMATE, _body({"accepted_at": time.time()} | changes))


def after_estimate(**changes: object) -> Forgery:
    return Forgery(AFTER_ESTIMATE, _body({"failure": CANARY.replace("-", "_")[:6]} | changes))


def _body(changes: dict[str, object]) -> bytes:
    now = time.time()
    about = {"version": 2, "request_id": new_request_id(), "user": "a" * 32, "reply_to": SEALED, "deadline": now + 600}
    return json.dumps([[about | changes], {}, {}]).encode()


def forgeries(pickled: Path) -> list[Forgery]:
    return [
        to_estimate(request_id=f"../../{CANARY}"),
        to_estimate(path=f"/etc/{CANARY}"),
        to_estimate(version=3, canary=CANARY),
        Forgery(TO_ESTIMATE, pickle.dumps(([Command(pickled)], {}, {})), PICKLE),
        Forgery(AFTER_ESTIMATE, pickle.dumps(([Command(pickled)], {}, {})), PICKLE),
        after_estimate(request_id=f"/{CANARY}"),
        after_estimate(outcome={"kind": "estimated", "faces": [], "canary": CANARY}),
        after_estimate(),
    ]


async def test_forged_tasks_are_refused(system: System, sample: bytes, tmp_path: Path) -> None:
    before = {state.name: (state.pid, state.restarts) for state in system.run.states()}
    forged = forgeries(tmp_path / "pickled")
    refused = {name: _refused(system, name) for name in ("estimator", "replier")}
    with publishing(system) as connection:
        for forgery in forged:
            publish(connection, forgery)
    async with ChatClient(system.run.chat_url) as chat:
        assert (await reply_to(chat, await chat.send_photo(sample))).photo
    if system.broker == RABBITMQ:
        await asyncio.to_thread(wait_until_set_aside, system, {forgery.body for forgery in forged})
    assert not (tmp_path / "pickled").exists()
    for name, queue in (("estimator", TO_ESTIMATE), ("replier", AFTER_ESTIMATE)):
        await until_refused(system, name, refused[name] + sum(forgery.queue == queue for forgery in forged))
        assert CANARY not in system.run.log(name)
        assert SEALED not in system.run.log(name)
    assert {state.name: (state.pid, state.restarts) for state in system.run.states()} == before
    await settled(system)


async def test_an_oversized_task_holds_up_nobody(system: System, sample: bytes) -> None:
    """RabbitMQ closes the door on it; what the Redis protocol lets in is refused like any unknown field."""
    large = to_estimate(canary=CANARY * (TOO_LARGE // len(CANARY) + 1))
    try:
        with publishing(system) as connection:
            publish(connection, large)
    except AMQPError:
        assert system.broker == RABBITMQ
    else:
        assert system.broker != RABBITMQ
    async with ChatClient(system.run.chat_url) as chat:
        assert (await reply_to(chat, await chat.send_photo(sample))).photo
    assert CANARY not in system.run.log("estimator")
    await settled(system)


async def test_no_address_is_taken_for_another_requests(system: System, sample: bytes) -> None:
    """Who knows both messages sends one user's address with the other's request: neither hears of it, both have their pictures."""
    async with ChatClient(system.run.chat_url) as one, ChatClient(system.run.chat_url) as other:
        async with system.held("estimator"):
            sent = [(chat, await chat.send_photo(sample)) for chat in (one, other)]
            for chat, photo in sent:
                await chat.wait_until(lambda view, photo=photo: bool(replies(view, photo)), TIMEOUT_S)
            with redis.Redis.from_url(system.run.addresses.redis_url, decode_responses=True) as ledger:
                first, second = ledger.zrange(keys.LIVE, 0, -1)
                stolen = ledger.hget(keys.record(first), "sealed")
            before = _refused(system, "replier")
            with publishing(system) as connection:
                publish(connection, after_estimate(request_id=second, reply_to=stolen))
            await until_refused(system, "replier", before + 1)
        assert all([(await reply_to(chat, photo)).photo for chat, photo in sent])
    assert str(stolen) not in system.run.log("replier")
    await settled(system)


async def until_refused(system: System, service: str, count: int) -> None:
    """Returns when the service has logged this number of refused messages."""
    async with asyncio.timeout(TIMEOUT_S):
        while _refused(system, service) < count:
            await asyncio.sleep(0.1)


def _refused(system: System, service: str) -> int:
    return system.run.log(service).count("message_refused")


@contextmanager
def publishing(system: System) -> Iterator[Connection]:
    """A connection of somebody who knows that every queue is there: what comes before its queue, RabbitMQ drops."""
    app = celery_app("tests", system.run.addresses.broker_url)
    declare(app)
    with app.connection() as connection:
        yield connection


def publish(connection: Connection, forgery: Forgery) -> None:
    content_type, content_encoding = forgery.kind
    connection.Producer(connection.default_channel).publish(
        forgery.body,
        exchange=TASKS.name,
        routing_key=forgery.queue,
        headers={"id": "forged", "task": task_name(forgery.queue), "lang": "py", "argsrepr": CANARY},
        content_type=content_type,
        content_encoding=content_encoding,
    )


def wait_until_set_aside(system: System, bodies: set[bytes]) -> None:
    """Returns when each was set aside for an operator, at least once, as RabbitMQ promises; takes them away."""
    missing = set(bodies)
    until = time.monotonic() + TIMEOUT_S
    with publishing(system) as connection:
        queue = next(queue for queue in all_queues() if queue.name == REFUSED)(connection.default_channel)
        while missing:
            assert time.monotonic() < until, missing
            if (message := queue.get()) is None:
                time.sleep(0.1)
            else:
                message.ack()
                missing.discard(message.body.encode() if isinstance(message.body, str) else bytes(message.body))
