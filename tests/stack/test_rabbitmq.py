"""A real RabbitMQ with the stack's definitions: rights of each user, the operator's view of refused messages."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from amqp import Channel
from amqp.exceptions import AccessRefused, PreconditionFailed
from attrai_deploy.credentials import BROKER_USERS
from attrai_deploy.docker import DockerFailedError
from attrai_deploy.operations import MAX_COLUMNS, MAX_MESSAGES, NOT_SHOWN, describe_refused
from attrai_shared.queues import DEAD_LETTERS, REFUSED, TASKS, TO_ESTIMATE
from kombu import Connection, Producer
from stack_files import ROOT
from stack_rabbitmq import ALL_QUEUES, PUBLISHED_QUEUES, Broker, consumed_queues

pytestmark = pytest.mark.rabbitmq

CONSUMED_QUEUES = consumed_queues()
EVENTS = "celeryev"
EVENT_USERS = {"estimator", "batch_estimator", "replier", "flower", "exporter"}
"""Users that send or receive Celery's events."""
CANARY = "canary-5a1b"
MESSAGE_TIMEOUT_S = 30.0

DOCKER = """#!/bin/bash
[[ $1 != ps ]] || exec echo "$CONTAINERS"
exec "/usr/lib/rabbitmq/bin/$3" "${@:4}"
"""

Action = Callable[[Channel], object]


def may(broker: Broker, user: str, action: Action) -> bool:
    """Whether RabbitMQ allows the action. Any other error is raised."""
    with Connection(broker.url(user), transport_options={"confirm_publish": True}) as connection:
        try:
            action(connection.default_channel)
        except AccessRefused:
            return False
    return True


def publish(exchange: str, route: str, body: str | bytes = "x") -> Action:
    """Publishes and waits for the confirmation or refusal."""
    return lambda channel: Producer(channel).publish(body, exchange=exchange, routing_key=route)


@pytest.mark.parametrize("action", [Channel.basic_consume, Channel.basic_get, Channel.queue_purge])
@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_consumes_its_queues_and_no_other(broker: Broker, user: str, action: Callable[..., object]) -> None:
    done = {queue for queue in ALL_QUEUES if may(broker, user, lambda channel, queue=queue: action(channel, queue))}
    assert done == CONSUMED_QUEUES[user]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_publishes_to_its_queue_and_no_other(broker: Broker, user: str) -> None:
    assert {queue for queue in ALL_QUEUES if may(broker, user, publish(TASKS.name, queue))} == PUBLISHED_QUEUES[user]
    by_default_exchange = [queue for queue in ALL_QUEUES if may(broker, user, publish("", queue))]
    assert not by_default_exchange


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_creates_and_deletes_no_queue(broker: Broker, user: str) -> None:
    actions: list[Action] = [
        lambda channel: channel.queue_declare("private"),
        lambda channel: channel.queue_declare(""),
        lambda channel: channel.exchange_declare("private", "topic"),
        lambda channel: channel.queue_bind(TO_ESTIMATE, TASKS.name, "#"),
        *(lambda channel, queue=queue: channel.queue_delete(queue) for queue in ALL_QUEUES),
    ]
    assert not [number for number, action in enumerate(actions) if may(broker, user, action)]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_only_event_users_may_declare_the_event_exchange_and_publish_to_it(broker: Broker, user: str) -> None:
    def declare(channel: Channel) -> None:
        channel.exchange_declare(EVENTS, "topic", durable=True, auto_delete=False)

    assert (may(broker, user, declare), may(broker, user, publish(EVENTS, "worker.heartbeat"))) == 2 * (
        user in EVENT_USERS,
    )


@pytest.mark.parametrize(("user", "password"), [("guest", "guest"), ("attrai", "attrai"), ("estimator", "wrong")])
def test_nobody_else_may_log_in(broker: Broker, user: str, password: str) -> None:
    with pytest.raises(AccessRefused), Connection(broker.url(user, password)) as connection:
        connection.connect()


def test_rabbitmq_logs_a_message_that_is_too_large_with_its_user_and_without_its_body(broker: Broker) -> None:
    with pytest.raises(PreconditionFailed, match="larger than configured max size 65536"):
        may(broker, "intake", publish(TASKS.name, TO_ESTIMATE, CANARY * 6000))
    log = broker.log.read_text()
    errors = [line for line in log.splitlines() if "[error]" in line and "user: 'intake'" in line]
    assert any(line.startswith("20") and "Channel error" in line for line in errors)
    assert "precondition_failed: message size 66000 is larger than configured max size 65536" in log
    assert CANARY not in log


def test_the_operator_sees_refused_messages_and_deletes_them(broker: Broker, tmp_path: Path) -> None:
    assert may(broker, "estimator", lambda channel: channel.queue_purge(TO_ESTIMATE))
    hostile = f"{CANARY} \x1b[31m\n\u202e".encode() + b"\xff" + b"x" * 60_000
    for body in (hostile, *[f"number {number}".encode() for number in range(MAX_MESSAGES)]):
        refuse_message(broker, body)
    count, first, *others = wait_for_refused(broker, MAX_MESSAGES + 1)
    assert (count, len(others)) == (f"messages in {REFUSED}: {MAX_MESSAGES + 1}", MAX_MESSAGES - 1)
    assert all(f'<<"number {number}">>' in message for number, message in enumerate(others))
    assert f'<<"{TO_ESTIMATE}">>' in first
    assert re.fullmatch(r"[\n -~]+", first)
    assert max(map(len, first.splitlines())) <= MAX_COLUMNS
    assert [*islice(describe_refused(broker.run), 2)] == [count, first]  # peeking changes nothing
    done = make_refused(broker, tmp_path, "EMPTY=1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == "\n".join([count, first, *others]).splitlines()
    assert wait_for_refused(broker, 0) == [f"messages in {REFUSED}: 0"]


def test_without_rabbitmq_on_this_node_a_sentence_says_so(broker: Broker, tmp_path: Path) -> None:
    done = make_refused(broker, tmp_path, containers="")
    assert done.returncode
    assert "RabbitMQ does not run on this node" in done.stderr


def make_refused(
    broker: Broker, folder: Path, *variables: str, containers: str = "3f2a"
) -> subprocess.CompletedProcess[str]:
    """The make target with a fake docker, whose only container is this machine."""
    program = folder / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["make", "-s", "-C", str(ROOT), "refused", f"PYTHON={sys.executable}", *variables],
        env=broker.environment | {"PATH": path, "CONTAINERS": containers},
        capture_output=True,
        text=True,
        check=False,
    )


def refuse_message(broker: Broker, body: bytes) -> None:
    """Passes a message through the queues as if neither the estimator nor the replier could read it."""
    assert may(broker, "intake", publish(TASKS.name, TO_ESTIMATE, body))
    for user, queue in (("estimator", TO_ESTIMATE), ("replier", DEAD_LETTERS)):
        with Connection(broker.url(user)) as connection:
            until = time.monotonic() + MESSAGE_TIMEOUT_S
            while (message := connection.default_channel.basic_get(queue)) is None:
                assert time.monotonic() < until
                time.sleep(0.05)
            connection.default_channel.basic_reject(message.delivery_tag, requeue=False)


def wait_for_refused(broker: Broker, count: int) -> list[str]:
    """The operator's output once RabbitMQ counts `count` messages and can show them."""
    until = time.monotonic() + MESSAGE_TIMEOUT_S
    while True:
        output = list(describe_refused(broker.run))
        if output[0] == f"messages in {REFUSED}: {count}" and not any(NOT_SHOWN in line for line in output):
            return output
        assert time.monotonic() < until, output


def test_a_message_deleted_since_the_count_is_reported_as_not_shown() -> None:
    def run(program: str, *arguments: str) -> str:
        if program == "rabbitmqctl":
            return f"{REFUSED}\t2\n"
        if arguments[-3] == "2":
            raise DockerFailedError("docker exec: no message\x1b at that position")
        return "one\n"

    assert list(describe_refused(run)) == [
        f"messages in {REFUSED}: 2",
        "message 1:\none",
        f"message 2 {NOT_SHOWN}: docker exec: no message? at that position",
    ]
