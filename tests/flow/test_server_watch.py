"""The watch over the embedded server, in the very place where Celery's loop keeps it: beside a question that waits for a message."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from attrai_local import Supervisor
from attrai_local.valkey import embedded_broker, ephemeral_valkey, runtime_folder
from attrai_local.watchdog_pipe import WatchdogPipe
from attrai_shared.celery_consumer import ServerRestartDetector
from attrai_shared.queues import TO_ESTIMATE, all_queues, celery_app, declare, publish
from kombu import Connection
from redis.exceptions import ConnectionError as ConnectionLost

from tests.flow.test_unfinished import message

TIMEOUT_S = 30.0


@dataclass
class Timer:
    """Celery's timer, turned by a test."""

    looks: list[Callable[[], None]] = field(default_factory=list)

    def call_repeatedly(self, _: float, look: Callable[[], None]) -> None:
        self.looks.append(look)


@dataclass
class Worker:
    """What of Celery's consumer the watch sees."""

    connection: Connection
    timer: Timer = field(default_factory=Timer)

    def look(self) -> None:
        for look in self.timer.looks:
            look()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Supervisor, str]]:
    """A supervised server and its broker URL."""
    runtime = runtime_folder()
    watchdog_pipe = WatchdogPipe(runtime)
    valkey = ephemeral_valkey(runtime / "s", tmp_path, {})
    try:
        with Supervisor([valkey], tmp_path, watchdog_pipe) as supervisor:
            supervisor.await_ready([valkey.name], TIMEOUT_S)
            yield supervisor, embedded_broker(runtime / "s")
    finally:
        watchdog_pipe.close()


@contextmanager
def waiting_for_messages(broker: str) -> Iterator[tuple[Worker, list[str]]]:
    """A consumer whose question for a message is under way, with its watch; and the requests that it receives."""
    received: list[str] = []
    with celery_app("estimator", broker).connection_for_write() as connection:
        [queue] = [queue(connection.default_channel) for queue in all_queues() if queue.name == TO_ESTIMATE]
        queue.consume(callback=lambda taken: received.append(taken.payload[0][0]["request_id"]))
        connection.transport.cycle.on_poll_start()
        worker = Worker(connection)
        ServerRestartDetector(worker).start(worker)
        yield worker, received


def test_a_look_takes_no_message_and_no_answer(server: tuple[Supervisor, str]) -> None:
    """Once it read the answer that the consumer waited for: each idle worker died within 2 s, and took a message with it."""
    app = celery_app("bot", server[1])
    declare(app)
    with waiting_for_messages(server[1]) as (worker, received):
        worker.look()
        publish(app, message(1), time.time())
        worker.look()
        worker.connection.drain_events(timeout=TIMEOUT_S)
        assert received == [message(1).request_id]


def test_a_restarted_server_is_noticed(server: tuple[Supervisor, str]) -> None:
    supervisor, broker = server
    with waiting_for_messages(broker) as (worker, _):
        worker.look()
        supervisor.kill("valkey")
        supervisor.await_ready(["valkey"], TIMEOUT_S)
        with pytest.raises(ConnectionLost, match="restarted"):
            worker.look()
