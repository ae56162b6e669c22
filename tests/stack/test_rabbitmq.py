"""A real RabbitMQ with the stack's definitions: what each user may do and may not, and what an operator sees of what was set aside."""

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
from attrai_deploy.refused_messages import MAX_COLUMNS, MAX_MESSAGES, NOT_SHOWN, describe_refused
from attrai_shared.queues import DEAD_LETTERS, REFUSED, TASKS, TO_ESTIMATE
from kombu import Connection, Producer
from stack_files import ROOT
from stack_rabbitmq import EVERY_QUEUE, PUBLISHED, Broker, consumed

pytestmark = pytest.mark.rabbitmq

CONSUMED = consumed()
EVENTS = "celeryev"
SPEAK_OF_EVENTS = {"estimator", "batch_estimator", "replier", "flower", "exporter"}
"""Users that send Celery's events, or listen to them."""
CANARY = "canary-5a1b"
PATIENCE = 30.0

DOCKER = """#!/bin/bash
[[ $1 != ps ]] || exec echo "$CONTAINERS"
exec "/usr/lib/rabbitmq/bin/$3" "${@:4}"
"""

Deed = Callable[[Channel], object]


def may(broker: Broker, user: str, deed: Deed) -> bool:
    """Whether RabbitMQ lets the user do it; whatever else goes wrong is raised."""
    with Connection(broker.url(user), transport_options={"confirm_publish": True}) as connection:
        try:
            deed(connection.default_channel)
        except AccessRefused:
            return False
    return True


def sends(exchange: str, route: str, body: str | bytes = "x") -> Deed:
    """Publishes, and waits until RabbitMQ has confirmed or refused."""
    return lambda channel: Producer(channel).publish(body, exchange=exchange, routing_key=route)


@pytest.mark.parametrize("deed", [Channel.basic_consume, Channel.basic_get, Channel.queue_purge])
@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_consumes_its_queues_and_no_other(broker: Broker, user: str, deed: Callable[..., object]) -> None:
    done = {queue for queue in EVERY_QUEUE if may(broker, user, lambda channel, queue=queue: deed(channel, queue))}
    assert done == CONSUMED[user]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_publishes_to_its_queue_and_no_other(broker: Broker, user: str) -> None:
    assert {queue for queue in EVERY_QUEUE if may(broker, user, sends(TASKS.name, queue))} == PUBLISHED[user]
    past_the_exchange = [queue for queue in EVERY_QUEUE if may(broker, user, sends("", queue))]
    assert not past_the_exchange


@pytest.mark.parametrize("user", BROKER_USERS)
def test_a_user_makes_and_unmakes_no_queue(broker: Broker, user: str) -> None:
    deeds: list[Deed] = [
        lambda channel: channel.queue_declare("of_its_own"),
        lambda channel: channel.queue_declare(""),
        lambda channel: channel.exchange_declare("of_its_own", "topic"),
        lambda channel: channel.queue_bind(TO_ESTIMATE, TASKS.name, "#"),
        *(lambda channel, queue=queue: channel.queue_delete(queue) for queue in EVERY_QUEUE),
    ]
    assert not [number for number, deed in enumerate(deeds) if may(broker, user, deed)]


@pytest.mark.parametrize("user", BROKER_USERS)
def test_who_speaks_of_events_may_make_their_exchange(broker: Broker, user: str) -> None:
    def made(channel: Channel) -> None:
        channel.exchange_declare(EVENTS, "topic", durable=True, auto_delete=False)

    assert (may(broker, user, made), may(broker, user, sends(EVENTS, "worker.heartbeat"))) == 2 * (
        user in SPEAK_OF_EVENTS,
    )


@pytest.mark.parametrize(("user", "password"), [("guest", "guest"), ("attrai", "attrai"), ("estimator", "wrong")])
def test_nobody_else_is_let_in(broker: Broker, user: str, password: str) -> None:
    with pytest.raises(AccessRefused), Connection(broker.url(user, password)) as connection:
        connection.connect()


def test_a_message_that_is_too_large_is_in_rabbitmqs_log_with_its_user_alone(broker: Broker) -> None:
    with pytest.raises(PreconditionFailed, match="larger than configured max size 65536"):
        may(broker, "intake", sends(TASKS.name, TO_ESTIMATE, CANARY * 6000))
    log = broker.log.read_text()
    told = [line for line in log.splitlines() if "[error]" in line and "user: 'intake'" in line]
    assert any(line.startswith("20") and "Channel error" in line for line in told)
    assert "precondition_failed: message size 66000 is larger than configured max size 65536" in log
    assert CANARY not in log


def test_the_operator_sees_what_nobody_could_read_and_takes_it_away(broker: Broker, tmp_path: Path) -> None:
    assert may(broker, "estimator", lambda channel: channel.queue_purge(TO_ESTIMATE))
    hostile = f"{CANARY} \x1b[31m\n\u202e".encode() + b"\xff" + b"x" * 60_000
    for body in (hostile, *[f"number {number}".encode() for number in range(MAX_MESSAGES)]):
        refuse_message(broker, body)
    count, first, *others = shown(broker, MAX_MESSAGES + 1)
    assert (count, len(others)) == (f"messages in {REFUSED}: {MAX_MESSAGES + 1}", MAX_MESSAGES - 1)
    assert all(f'<<"number {number}">>' in message for number, message in enumerate(others))
    assert f'<<"{TO_ESTIMATE}">>' in first
    assert re.fullmatch(r"[\n -~]+", first)
    assert max(map(len, first.splitlines())) <= MAX_COLUMNS
    assert [*islice(describe_refused(broker.run), 2)] == [count, first]  # a look changes nothing
    done = make_refused(broker, tmp_path, "EMPTY=1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == "\n".join([count, first, *others]).splitlines()
    assert shown(broker, 0) == [f"messages in {REFUSED}: 0"]


def test_where_rabbitmq_does_not_run_a_sentence_says_so(broker: Broker, tmp_path: Path) -> None:
    done = make_refused(broker, tmp_path, containers="")
    assert done.returncode
    assert "RabbitMQ does not run on this node" in done.stderr


def make_refused(
    broker: Broker, folder: Path, *variables: str, containers: str = "3f2a"
) -> subprocess.CompletedProcess[str]:
    """The make target with a docker of the test's own, whose one container is this machine."""
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
    """By the way of a message that neither the estimator nor the replier can read."""
    assert may(broker, "intake", sends(TASKS.name, TO_ESTIMATE, body))
    for user, queue in (("estimator", TO_ESTIMATE), ("replier", DEAD_LETTERS)):
        with Connection(broker.url(user)) as connection:
            until = time.monotonic() + PATIENCE
            while (message := connection.default_channel.basic_get(queue)) is None:
                assert time.monotonic() < until
                time.sleep(0.05)
            connection.default_channel.basic_reject(message.delivery_tag, requeue=False)


def shown(broker: Broker, count: int) -> list[str]:
    """What the operator sees when RabbitMQ has counted so many, and has them all at their places."""
    until = time.monotonic() + PATIENCE
    while True:
        told = list(describe_refused(broker.run))
        if told[0] == f"messages in {REFUSED}: {count}" and not any(NOT_SHOWN in line for line in told):
            return told
        assert time.monotonic() < until, told


def test_a_message_that_went_since_it_was_counted_is_said_to_be_gone() -> None:
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
