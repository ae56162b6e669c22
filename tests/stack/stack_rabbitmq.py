"""The queues that each user consumes and publishes to, and a real RabbitMQ with the stack's definitions."""

import ast
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from attrai_deploy.credentials import BROKER_USERS, rabbitmq_users
from attrai_deploy.docker import DockerFailedError
from attrai_shared import queues
from attrai_shared.queues import AFTER_ESTIMATE, TO_EMBED, TO_ESTIMATE, all_queues
from stack_files import ROOT

from tests.flow.servers import free_port, rabbitmq

ALL_QUEUES = {queue.name for queue in all_queues()}
WORKERS = {
    "estimator": ("estimator/attrai_estimator/worker/run.py", "run_worker"),
    "batch_estimator": ("estimator/attrai_estimator/worker/run.py", "run_batch_worker"),
    "replier": ("bot/attrai_bot/replier/worker.py", "run_replier"),
}
"""The function that runs each user's worker."""
PUBLISHED_QUEUES: dict[str, set[str]] = {user: set() for user in BROKER_USERS} | {
    "intake": {TO_ESTIMATE},
    "estimator": {AFTER_ESTIMATE},
    "batch": {TO_EMBED},
}
PASSWORD = "word"


@dataclass(frozen=True)
class Broker:
    """A running RabbitMQ. `address` is host, port and vhost; `environment` is for its programs."""

    address: str
    metrics_port: int
    log: Path
    environment: dict[str, str]

    def url(self, user: str, password: str = PASSWORD) -> str:
        return f"amqp://{user}:{password}@{self.address}"

    def run(self, program: str, *arguments: str) -> str:
        """Runs one of RabbitMQ's programs and returns its output. Raises DockerFailedError, as in a container."""
        command = [f"/usr/lib/rabbitmq/bin/{program}", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DockerFailedError(f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def stack_broker(folder: Path) -> Iterator[Broker]:
    """Starts RabbitMQ with the stack's vhost, queues, users, rights and message size limit."""
    data, definitions, metrics_port = folder / "rabbitmq", folder / "definitions", free_port()
    data.mkdir()
    definitions.mkdir()
    (definitions / "10-users.json").write_text(rabbitmq_users(dict.fromkeys(BROKER_USERS, PASSWORD)))
    (definitions / "20-topology.json").write_text((ROOT / "deploy/rabbitmq/topology.json").read_text())
    settings = (
        "prometheus.tcp.ip = 127.0.0.1",
        f"prometheus.tcp.port = {metrics_port}",
        f"load_definitions = {definitions}",
    )
    with rabbitmq(data, plugins="rabbitmq_prometheus", settings="\n".join([*settings, *_stack_settings(), ""])) as url:
        yield Broker(f"127.0.0.1:{urlsplit(url).port}/attrai", metrics_port, data / "rabbitmq.log", _environment(data))


def consumed_queues() -> dict[str, set[str]]:
    """The queues that each user's worker consumes: those named in the function that runs it."""
    return {user: set() for user in BROKER_USERS} | {user: _queues_in(*place) for user, place in WORKERS.items()}


def _queues_in(file: str, function: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    named = {getattr(queues, node.id, None) for node in ast.walk(found) if isinstance(node, ast.Name)}
    return {name for name in named if isinstance(name, str) and name in ALL_QUEUES}


def _stack_settings() -> list[str]:
    """The stack's settings that a test can observe."""
    lines = (ROOT / "deploy/rabbitmq/rabbitmq.conf").read_text().splitlines()
    return [line for line in lines if line.startswith(("max_message_size", "log.console.use_colors"))]


def _environment(home: Path) -> dict[str, str]:
    """The server process's environment, by which its programs find it."""
    for process in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            variables = dict(
                part.partition("=")[::2] for part in process.read_text(errors="replace").split("\0") if part
            )
            if variables.get("HOME") == str(home) and "RABBITMQ_NODENAME" in variables:
                return variables
    raise LookupError(f"no server has its home in {home}")
