"""The script that forwards a server's log lines, run with a fake server and a real UDP receiver."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from stack_files import ROOT

SCRIPT = ROOT / "deploy/with-logs.sh"
HOST = f"127.{os.getpid() >> 16 & 255}.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"
"""A loopback address for this process, because the script's port is fixed."""
HEADER = re.compile(r"<(?P<priority>\d+)>1 (?P<time>\S+) (?P<host>\S+) (?P<program>\S+) - - - (?P<line>.*)", re.DOTALL)
"""Of a datagram (RFC 5424) without process id, message id and structured data."""
SEVERITIES = {"critical": 26, "error": 27, "warning": 28, "notice": 29, "info": 30}
"""Priorities of the facility `daemon`: 3 * 8 + syslog's severity."""
RABBITMQ = "2026-11-21 09:26:53.589793+00:00 [{}] <0.221.0> {}"
REDIS = "1:M 21 Nov 2026 09:26:53.589 {} {}"
LINES = {
    **{RABBITMQ.format(level, "closing AMQP connection"): priority for level, priority in SEVERITIES.items()},
    RABBITMQ.format("info", "a queue named [error] was declared"): 30,
    RABBITMQ.format("debug", "# not Redis"): 30,
    REDIS.format("#", "Can't save in background: fork: Cannot allocate memory"): 28,
    REDIS.format("*", "Ready to accept connections tcp"): 30,
    REDIS.format("-", "Accepted # 1 [error]"): 30,
    "99:signal-handler (1763717213) Received SIGTERM scheduling shutdown...": 30,
    "  ##  ##      RabbitMQ 4.2.1": 30,
    "100 % of \\n a line's own signs, and a user's: é": 30,
}
"""Lines of the servers, with the expected priority."""


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((HOST, 1514))
        receiver.settimeout(30)
        yield receiver


def _started(*command: str, **environment: str) -> subprocess.Popen[str]:
    own = {"PATH": os.environ["PATH"], "TZ": "Asia/Tokyo", "LOG_NAME": "rabbitmq", **environment}
    return subprocess.Popen(["/bin/bash", SCRIPT, *command], stdout=subprocess.PIPE, text=True, env=own)


def _received(receiver: socket.socket) -> dict[str, str]:
    header = HEADER.fullmatch(receiver.recv(65_536).decode())
    assert header
    return header.groupdict()


def test_each_line_is_a_syslog_message_with_its_severity(receiver: socket.socket) -> None:
    started = datetime.now(UTC).replace(microsecond=0)
    with _started("printf", "%s\n", *LINES, LOG_HOST=HOST) as server:
        messages = [_received(receiver) for _ in LINES]
        console = server.communicate()[0]
    assert {message["line"]: int(message["priority"]) for message in messages} == LINES
    assert {(message["host"], message["program"]) for message in messages} == {("rabbitmq", "rabbitmq")}
    for message in messages:
        time = datetime.strptime(message["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        assert started <= time <= datetime.now(UTC) + timedelta(seconds=1)
    assert console.splitlines() == list(LINES)


def test_a_long_line_is_one_truncated_datagram(receiver: socket.socket) -> None:
    long = "я" * 5_000
    with _started("printf", "%s\n", long, "next", LOG_HOST=HOST) as server:
        assert _received(receiver)["line"] == long[:2_000]
        assert _received(receiver)["line"] == "next"
        assert server.communicate()[0] == f"{long}\nnext\n"


@pytest.mark.parametrize("host", ["", HOST, "no-such-host.invalid"], ids=["none", "no receiver", "unknown"])
def test_without_a_log_server_the_console_has_every_line(host: str) -> None:
    with _started("printf", "%s\n", "first", "second", LOG_HOST=host) as server:
        assert server.communicate()[0] == "first\nsecond\n"
    assert server.returncode == 0


def test_standard_error_is_forwarded_too(receiver: socket.socket) -> None:
    with _started("bash", "-c", "echo oops >&2; exit 3", LOG_HOST=HOST) as server:
        assert _received(receiver)["line"] == "oops"
        assert (server.communicate()[0], server.returncode) == ("oops\n", 3)


def test_a_signal_reaches_the_server_which_keeps_its_time_zone(receiver: socket.socket) -> None:
    program = 'trap "echo stopping; exit 7" TERM; echo "up in $TZ"; while :; do sleep 0.05; done'
    with _started("bash", "-c", program, LOG_HOST=HOST) as server:
        assert _received(receiver)["line"] == "up in Asia/Tokyo"
        server.send_signal(signal.SIGTERM)
        assert _received(receiver)["line"] == "stopping"
        assert (server.communicate()[0], server.returncode) == ("up in Asia/Tokyo\nstopping\n", 7)
