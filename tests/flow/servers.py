"""Real servers for the flow tests, each on free ports of the loopback, in a folder of its own, ended by its own pid."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
READY_TIMEOUT_S = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis(folder: Path, port: int | None = None) -> Iterator[str]:
    """Debian's redis-server with an append-only file, as in production; its URL."""
    port = port or free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--appendonly",
        "yes",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]
    with _running(command, folder / "redis.log", os.environ.copy()) as server:
        _await_port(port, server)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def rabbitmq(folder: Path, port: int | None = None, *, plugins: str = "", settings: str = "") -> Iterator[str]:
    """Debian's RabbitMQ as a plain process, with an Erlang port mapper of its own; its URL. `settings`: more lines of its file."""
    port, mapper, name = port or free_port(), free_port(), f"attrai-{os.getpid()}-{free_port()}"
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = 127.0.0.1:{port}\ndefault_user = attrai\ndefault_pass = attrai\nlog.console = true\n{settings}"
    )
    (folder / "enabled_plugins").write_text(f"[{plugins}].\n")
    environment = _rabbitmq_environment(folder, name, mapper)
    with _running([str(RABBITMQ)], folder / "rabbitmq.log", environment) as server:
        try:
            _await_port(port, server)
            yield f"amqp://attrai:attrai@127.0.0.1:{port}//"
        finally:
            _end_mapper(environment, server)


def missing_rabbitmq() -> str | None:
    """Why RabbitMQ cannot be started here, or None."""
    return None if RABBITMQ.exists() else "RabbitMQ is not installed; install Debian's package rabbitmq-server"


def missing_redis() -> str | None:
    """Why Redis cannot be started here, or None."""
    return None if shutil.which("redis-server") else "Redis is not installed; install Debian's package redis-server"


def _rabbitmq_environment(folder: Path, name: str, mapper: int) -> dict[str, str]:
    return os.environ | {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"{name}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


def _end_mapper(environment: dict[str, str], server: "subprocess.Popen[bytes]") -> None:
    """The port mapper outlives its server; it ends when asked on its own port, and only without a living node."""
    _end(server)
    subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, check=False, timeout=10)


@contextmanager
def _running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=log.parent
        ) as server,
    ):
        try:
            yield server
        finally:
            _end(server)


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _await_port(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"{server.args!r} ended with status {server.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")
