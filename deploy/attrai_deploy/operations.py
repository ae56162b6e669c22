"""What an operator asks of a running stack: a request's log records, refused messages, a backup of Graylog.

They read the engine's log files or run programs in the containers, so they need neither Graylog's page nor a password.
RabbitMQ's program only peeks: this is not counted as a delivery.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from attrai_deploy.docker import STACK, DockerFailedError, docker, logs

REQUEST_SERVICES = ("bot", "estimator", "replier")
DUMP_GRAYLOG = (
    "mongodump --quiet --archive --gzip --db graylog --authenticationDatabase admin "
    '-u graylog -p "$(cat /run/secrets/mongodb_password)"'
)
REFUSED_QUEUE = "refused"
MAX_MESSAGES = 5
"""The oldest messages are shown. Each takes RabbitMQ's program one or two seconds."""
NOT_SHOWN = "cannot be shown"
MAX_LINES, MAX_COLUMNS = 60, 140
"""Of one message."""

RunInRabbitmq = Callable[..., str]
"""Runs a program with its arguments in RabbitMQ's container and returns its output."""


def request_log(request: str) -> list[str]:
    """Records of the request whose id starts with `request`, as JSON lines, oldest first. Raises DockerFailedError."""
    lines = (line for service in REQUEST_SERVICES for line in logs(service).splitlines())
    return [line for _, line in sorted(request_records(request, lines))]


def request_records(request: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Time and line of each record of the request. Other lines are skipped."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and str(record.get("request_id", "")).startswith(request):
            yield str(record.get("time", "")), line


def rabbitmq_runner() -> RunInRabbitmq:
    """Runs programs in the stack's RabbitMQ. Raises DockerFailedError if it does not run on this node."""
    return partial(docker, "exec", _container("rabbitmq", "RabbitMQ"))


def describe_refused(run: RunInRabbitmq) -> Iterator[str]:
    """The number of messages, counted every 5 s, then headers and 64 bytes of the oldest. All stay in the queue."""
    listed = run("rabbitmqctl", "-q", "list_queues", "-p", STACK, "name", "messages", "--no-table-headers")
    count = next(int(line.split()[1]) for line in listed.splitlines() if line.startswith(f"{REFUSED_QUEUE}\t"))
    yield f"messages in {REFUSED_QUEUE}: {count}"
    for position in range(1, min(count, MAX_MESSAGES) + 1):
        yield f"message {position}{_peek(run, position)}"


def _peek(run: RunInRabbitmq, position: int) -> str:
    """The message at this position, or why it is not shown: it may be gone, or newer than RabbitMQ's count."""
    try:
        term = run(
            "rabbitmq-queues", "-q", "peek", "--vhost", STACK, REFUSED_QUEUE, str(position), "--formatter", "erlang"
        )
    except DockerFailedError as error:
        return f" {NOT_SHOWN}: {printable(str(error))}"
    return f":\n{printable(term)}"


def delete_refused(run: RunInRabbitmq) -> None:
    """Deletes all messages in the queue, also those not shown."""
    run("rabbitmqctl", "-q", "purge_queue", "-p", STACK, REFUSED_QUEUE)


def printable(text: str) -> str:
    """The text shortened, in printable ASCII: an attacker may have written it for a terminal."""
    lines = [re.sub(r"[^ -~]", "?", line)[:MAX_COLUMNS] for line in text.splitlines()]
    return "\n".join([*lines[:MAX_LINES], *(["..."] if len(lines) > MAX_LINES else [])])


def back_up_graylog(folder: Path) -> Path:
    """Writes an archive for `mongorestore --archive --gzip` and returns its path.

    Raises DockerFailedError and then leaves no partial archive.
    """
    container = _container("mongodb", "MongoDB")
    archive = folder / time.strftime("graylog-%Y%m%d-%H%M%S.archive.gz", time.gmtime())
    unfinished = archive.with_suffix(".unfinished")
    with unfinished.open("xb") as file:
        done = subprocess.run(["docker", "exec", container, "sh", "-c", DUMP_GRAYLOG], stdout=file, check=False)  # noqa: S603, S607
    if done.returncode:
        unfinished.unlink()
        raise DockerFailedError(f"mongodump ended with status {done.returncode}")
    return unfinished.replace(archive)


def _container(service: str, name: str) -> str:
    """The id of the service's container on this node. Raises DockerFailedError without one."""
    containers = docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}").split()
    if not containers:
        raise DockerFailedError(f"{name} does not run on this node")
    return containers[0]
