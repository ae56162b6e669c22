"""Graylog over TCP: records travel in batches, each over a connection of its own that the receiver reads to its end.

GELF over TCP has no acknowledgement, so the end of the stream serves as one. We send the records and end our side; the
receiver ends its side when it has read everything. Until then the batch is kept and sent again after a failure. A
record can arrive twice, but is not lost.
"""

import logging
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential

from attrai_shared.logs.bounded_queue import BoundedQueue, Line
from attrai_shared.logs.events import event

DEFAULT_PORT = 12201
"""Graylog's own default for a GELF input (https://go2docs.graylog.org/current/getting_in_log_data/gelf.html)."""
CONNECT_TIMEOUT_S = 5.0
QUEUE_POLL_S = 5.0
"""Longest wait for the first record of a batch; then the queue is asked again."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A GELF input over TCP.

    With `tls` its certificate is checked against `ca`, or against the system's authorities.
    """

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False
    ca: Path | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """`gelf+tcp://host:port` or `gelf+tls://host:port?ca=/path/of/ca.pem`. ValueError says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in {"gelf+tcp", "gelf+tls"}:
            raise ValueError(
                f"a log server's URL begins with gelf+tcp:// or gelf+tls://, not with {parts.scheme or 'nothing'}://"
            )
        if not parts.hostname:
            raise ValueError("a log server's URL names a host: gelf+tcp://host:12201")
        if parts.username or parts.password or parts.path.strip("/") or parts.fragment:
            raise ValueError("a log server's URL has no user, path or fragment")
        tls = parts.scheme == "gelf+tls"
        return cls(parts.hostname, _port(parts), tls, _ca(parts, tls))


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError("a log server's port is a number from 1 to 65535") from None


def _ca(parts: SplitResult, tls: bool) -> Path | None:
    options = parse_qs(parts.query, keep_blank_values=True)
    if unknown := set(options) - {"ca"}:
        raise ValueError(f"a log server's URL knows no option {', '.join(sorted(unknown))}, only ca")
    if options and not tls:
        raise ValueError("ca belongs to gelf+tls://")
    paths = options.get("ca", [])
    if len(paths) > 1 or not all(paths):
        raise ValueError("ca is one path of a file")
    return Path(paths[0]) if paths else None


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How batches are sent."""

    batch_records: int = 1_000
    """At most; they are kept until they are confirmed, in addition to those in the queue."""
    batch_s: float = 5.0
    """For how long a connection is fed after its first record. Only records younger than this can arrive twice."""
    stall_timeout_s: float = 60.0
    """For how long the receiver may take nothing before the batch is sent again."""
    first_pause_s: float = 0.25
    longest_pause_s: float = 5.0
    """Between attempts, doubling from the first to the longest."""


class GraylogSender:
    """Delivers a queue to one target.

    The constructor raises OSError for a CA file that cannot be read; nothing does later.
    """

    def __init__(self, target: LogTarget, options: DeliveryOptions = DeliveryOptions()) -> None:
        self._target = target
        self._options = options
        self._tls = ssl.create_default_context(cafile=target.ca) if target.tls else None

    def deliver(self, queue: BoundedQueue) -> None:
        """Runs until the queue has ended. A failure while the queue is closing gives up what is left."""

        def pause(seconds: float) -> None:
            queue.closing.wait(seconds)

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, OSError) and not queue.closing.is_set()),
            wait=wait_exponential(multiplier=self._options.first_pause_s, max=self._options.longest_pause_s),
            sleep=pause,
            before_sleep=_log_first_failure,
            reraise=True,
        )
        batch: list[Line] = []
        with suppress(OSError):
            while _await_record(batch, queue):
                retrying(self._send, batch, queue)
                queue.confirm_taken()
                batch.clear()

    def _send(self, batch: list[Line], queue: BoundedQueue) -> None:
        """Sends the batch, then what the queue has meanwhile; adds that to the batch."""
        with self._connect() as connection:
            connection.sendall(b"".join(batch))
            until = time.monotonic() + self._options.batch_s
            while (
                len(batch) < self._options.batch_records and (line := queue.take(until - time.monotonic())) is not None
            ):
                batch.append(line)
                connection.sendall(line)
            _await_end(connection, self._options.stall_timeout_s)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((self._target.host, self._target.port), CONNECT_TIMEOUT_S)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._target.host)
        connection.settimeout(self._options.stall_timeout_s)
        return connection


def _log_first_failure(state: RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome is not None and (error := state.outcome.exception()) is not None:
        event(_logger, "log_server_away", level=logging.WARNING, exc_info=error)


def _await_record(batch: list[Line], queue: BoundedQueue) -> bool:
    """Waits for the batch's first record. False when the queue has ended."""
    while not batch and not queue.ended:
        line = queue.take(QUEUE_POLL_S)
        if line is not None:
            batch.append(line)
    return bool(batch)


def _await_end(connection: socket.socket, timeout_s: float) -> None:
    """Ends our side and returns when the receiver has ended its side. Raises OSError when it ended earlier."""
    if _has_ended(connection):
        raise ConnectionResetError("the log server closed the connection before its end")
    connection.settimeout(timeout_s)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def _has_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(4096)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
