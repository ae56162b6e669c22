"""Messages in the queue `refused`, read by RabbitMQ's programs in its container.

These programs need no password. They peek: a look is not counted as a delivery.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from attrai_deploy.docker import STACK, DockerFailedError, docker

QUEUE = "refused"
MAX_MESSAGES = 5
"""The oldest messages are shown. Each takes RabbitMQ's program one or two seconds."""
NOT_SHOWN = "cannot be shown"
MAX_LINES, MAX_COLUMNS = 60, 140
"""Of one message."""

RunInRabbitmq = Callable[..., str]
"""Runs a program with its arguments in RabbitMQ's container and returns its output."""


def rabbitmq_runner() -> RunInRabbitmq:
    """Runs programs in the stack's RabbitMQ. Raises DockerFailedError if it does not run on this node."""
    containers = docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={STACK}_rabbitmq").split()
    if not containers:
        raise DockerFailedError("RabbitMQ does not run on this node")
    return partial(docker, "exec", containers[0])


def describe_refused(run: RunInRabbitmq) -> Iterator[str]:
    """The number of messages, counted every 5 s, then headers and 64 bytes of the oldest. All stay in the queue."""
    listed = run("rabbitmqctl", "-q", "list_queues", "-p", STACK, "name", "messages", "--no-table-headers")
    count = next(int(line.split()[1]) for line in listed.splitlines() if line.startswith(f"{QUEUE}\t"))
    yield f"messages in {QUEUE}: {count}"
    for position in range(1, min(count, MAX_MESSAGES) + 1):
        yield f"message {position}{_peek(run, position)}"


def _peek(run: RunInRabbitmq, position: int) -> str:
    """The message at this position, or why it is not shown: it may be gone, or newer than RabbitMQ's count."""
    try:
        term = run("rabbitmq-queues", "-q", "peek", "--vhost", STACK, QUEUE, str(position), "--formatter", "erlang")
    except DockerFailedError as error:
        return f" {NOT_SHOWN}: {printable(str(error))}"
    return f":\n{printable(term)}"


def delete_refused(run: RunInRabbitmq) -> None:
    """Deletes all messages in the queue, also those not shown."""
    run("rabbitmqctl", "-q", "purge_queue", "-p", STACK, QUEUE)


def printable(text: str) -> str:
    """The text shortened, in printable ASCII: an attacker may have written it for a terminal."""
    lines = [re.sub(r"[^ -~]", "?", line)[:MAX_COLUMNS] for line in text.splitlines()]
    return "\n".join([*lines[:MAX_LINES], *(["..."] if len(lines) > MAX_LINES else [])])
