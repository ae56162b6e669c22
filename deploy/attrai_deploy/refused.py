"""What was set aside in the queue `refused`, told by RabbitMQ's own programs in its container.

They need no user and no password, and a look counts as no delivery: a message may be looked at as often as one likes.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from attrai_deploy.docker import STACK, DockerFailedError, docker

QUEUE = "refused"
SHOWN = 5
"""Messages shown, the oldest; each takes RabbitMQ's program a second or two."""
UNSEEN = "cannot be shown"
LINES, WIDTH = 60, 140
"""What is shown of one message, at most."""

Run = Callable[..., str]
"""Runs a program with its arguments beside RabbitMQ; what it printed."""


def in_rabbitmq() -> Run:
    """Beside the stack's RabbitMQ. Raises DockerFailedError where it does not run, as everything that runs there does."""
    containers = docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={STACK}_rabbitmq").split()
    if not containers:
        raise DockerFailedError("RabbitMQ does not run on this node")
    return partial(docker, "exec", containers[0])


def set_aside(run: Run) -> Iterator[str]:
    """How many messages lie there (RabbitMQ counts every 5 seconds), then the oldest: headers and the first 64 bytes. All stay."""
    listed = run("rabbitmqctl", "-q", "list_queues", "-p", STACK, "name", "messages", "--no-table-headers")
    count = next(int(line.split()[1]) for line in listed.splitlines() if line.startswith(f"{QUEUE}\t"))
    yield f"messages in {QUEUE}: {count}"
    for position in range(1, min(count, SHOWN) + 1):
        yield f"message {position}{_peek(run, position)}"


def _peek(run: Run, position: int) -> str:
    """The message there, or why it is not seen: it may have gone since RabbitMQ counted, or come later than it was counted."""
    try:
        term = run("rabbitmq-queues", "-q", "peek", "--vhost", STACK, QUEUE, str(position), "--formatter", "erlang")
    except DockerFailedError as error:
        return f" {UNSEEN}: {harmless(str(error))}"
    return f":\n{harmless(term)}"


def take_away(run: Run) -> None:
    """Removes all that lie there, those not shown included."""
    run("rabbitmqctl", "-q", "purge_queue", "-p", STACK, QUEUE)


def harmless(text: str) -> str:
    """Shortened, and in printable ASCII: somebody hostile may have written it to a terminal."""
    lines = [re.sub(r"[^ -~]", "?", line)[:WIDTH] for line in text.splitlines()]
    return "\n".join([*lines[:LINES], *(["..."] if len(lines) > LINES else [])])
