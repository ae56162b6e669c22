"""Events for monitors on RabbitMQ: all are told, in few messages, and the worker waits for none of them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrai_shared.celery_consumer import RefusingConsumer
from attrai_shared.contracts import ReplyAddress, ToEstimate
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import celery_app, declare, publish
from celery import Celery
from celery.events.event import event_exchange
from kombu import Message, Queue

from tests.flow import servers

PHOTOS = 6
TIMEOUT_S = 60.0
KINDS = ("task-received", "task-started", "task-succeeded")
Event = dict[str, str]

pytestmark = pytest.mark.rabbitmq


class Writer(RefusingConsumer):
    """As much of the consumer as opens the connection for events."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.first_connection_attempt = True


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if missing := servers.missing_rabbitmq():
        pytest.skip(missing)
    with servers.rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as url:
        declare(celery_app("bot", url))
        yield url


@pytest.fixture
def worker(broker_url: str) -> Iterator[None]:
    command = [sys.executable, str(Path(__file__).parent / "noop_worker.py"), broker_url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


def to_estimate() -> ToEstimate:
    now = time.time()
    address = ReplyAddress(chat_id=1, photo_message_id=2, waiting_message_id=3, language="en")
    return ToEstimate(request_id=new_request_id(), user="a" * 32, reply_to=address, accepted_at=now, deadline=now + 600)


def messages(app: Celery, monitor: Queue, events: int) -> list[list[Event]]:
    """What a monitor receives until it has this number of events."""
    came: list[list[Event]] = []

    def note(body: list[Event], message: Message) -> None:
        came.append(body)
        message.ack()

    until = time.monotonic() + TIMEOUT_S
    with (
        app.connection_for_read() as connection,
        connection.Consumer(monitor(connection), callbacks=[note], accept=["json"]),
    ):
        while sum(map(len, came)) < events and time.monotonic() < until:
            connection.drain_events(timeout=TIMEOUT_S)
    return came


def test_a_monitor_hears_of_every_task_in_few_messages(broker_url: str, worker: None) -> None:
    app = celery_app("bot", broker_url)
    monitor = Queue("monitor", event_exchange, routing_key="task.#", durable=False, auto_delete=True)
    with app.connection_for_write() as connection:
        monitor(connection).declare()
    sent = [to_estimate() for _ in range(PHOTOS)]
    for message in sent:
        publish(app, message, time.time())
    came = messages(app, monitor, PHOTOS * len(KINDS))
    heard = {(event["uuid"][:32], event["type"]) for body in came for event in body}
    assert heard == {(message.request_id, kind) for message in sent for kind in KINDS}
    assert len(came) <= PHOTOS, "each step of each task was a message of its own"


def test_an_event_is_not_waited_for_and_a_photo_is(broker_url: str) -> None:
    app = celery_app("estimator", broker_url)
    with app.connection_for_write() as photos, Writer(app).connection_for_write() as events:
        assert photos.default_channel.connection.confirm_publish
        assert not events.default_channel.connection.confirm_publish
