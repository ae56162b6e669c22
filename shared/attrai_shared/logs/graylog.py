"""Graylog over TCP: records travel in parcels that the receiver confirms by reading them to their end.

GELF over TCP has no acknowledgement. A parcel is one connection: its records, our end of the stream, and then the
receiver's, which comes when it has read everything before. Until then the parcel is kept, and goes again after a
failure: a record can arrive twice, but is not lost.
"""

import logging
import socket
import ssl
import time
from dataclasses import dataclass

from attrai_shared.logs.bounded import BoundedQueue, Line
from attrai_shared.logs.events import event
from attrai_shared.logs.target import LogTarget

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How records are sent: counts and seconds."""

    parcel_records: int = 1_000
    """Kept until they are confirmed, beside those in the queue."""
    parcel_seconds: float = 5.0
    """For how long a connection is fed after its first record: what arrives twice is younger than that."""
    patience: float = 60.0
    """For how long a receiver may take nothing before the parcel is sent anew."""
    first_pause: float = 0.25
    longest_pause: float = 5.0
    """Between tries, doubling from the first to the longest."""


_logger = logging.getLogger(__name__)


class Graylog:
    """Delivers a queue to one target. Raises OSError (a CA file that is not there, or none) when made, never later."""

    def __init__(self, target: LogTarget, pace: Pace = Pace()) -> None:
        self._target = target
        self._pace = pace
        self._tls = ssl.create_default_context(cafile=target.ca) if target.tls else None

    def deliver(self, queue: BoundedQueue) -> None:
        """Runs until the queue has ended. After a failure while it is closing, what is left is given up."""
        parcel: list[Line] = []
        pause = 0.0
        while _is_there_more(parcel, queue):
            try:
                self._send(parcel, queue)
            except OSError as error:
                if queue.closing.is_set():
                    return
                if not pause:
                    event(_logger, "log_server_away", level=logging.WARNING, exc_info=error)
                pause = min(max(pause * 2, self._pace.first_pause), self._pace.longest_pause)
                queue.closing.wait(pause)
            else:
                queue.settle()
                parcel.clear()
                pause = 0.0

    def _send(self, parcel: list[Line], queue: BoundedQueue) -> None:
        with self._connected() as connection:
            connection.sendall(b"".join(parcel))
            deadline = time.monotonic() + self._pace.parcel_seconds
            while (
                len(parcel) < self._pace.parcel_records
                and (line := queue.take(deadline - time.monotonic())) is not None
            ):
                parcel.append(line)
                connection.sendall(line)
            _confirm(connection, self._pace.patience)

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((self._target.host, self._target.port), CONNECT_SECONDS)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._target.host)
        connection.settimeout(self._pace.patience)
        return connection


def _is_there_more(parcel: list[Line], queue: BoundedQueue) -> bool:
    """Waits for a parcel's first record. False when the queue has ended."""
    while not parcel and not queue.ended:
        line = queue.take(IDLE_SECONDS)
        if line is not None:
            parcel.append(line)
    return bool(parcel)


def _confirm(connection: socket.socket, patience: float) -> None:
    """Returns when the receiver has read all. Raises OSError when it has gone before."""
    if _has_gone(connection):
        raise ConnectionResetError("the log server closed the connection before its end")
    connection.settimeout(patience)
    if isinstance(connection, ssl.SSLSocket):
        connection.unwrap()
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def _has_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(4096)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
