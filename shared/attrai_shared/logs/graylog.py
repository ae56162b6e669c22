"""Graylog over TCP: records travel in parcels that the receiver confirms by reading them to their end.

GELF over TCP has no acknowledgement. A parcel is one connection: its records, our end of the stream, and then the
receiver's, which comes when it has read everything before. Until then the parcel is kept, and goes again after a
failure: a record can arrive twice, but is not lost.
"""

import logging
import socket
import ssl
import time

from attrai_shared.logs.bounded import BoundedQueue, Line
from attrai_shared.logs.events import event
from attrai_shared.logs.target import LogTarget

PARCEL_RECORDS = 1_000
PARCEL_SECONDS = 5.0
"""A parcel's connection is open so long after its first record: what can arrive twice is younger than that."""
PATIENCE = 60.0
"""Seconds for which a receiver may take nothing before it is given up and the parcel is sent anew."""
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds between tries, doubling."""

_logger = logging.getLogger(__name__)


class Graylog:
    """Delivers a queue to one target. Raises OSError (a CA file that is not there, or none) when made, never later."""

    def __init__(self, target: LogTarget) -> None:
        self._target = target
        self._tls = ssl.create_default_context(cafile=target.ca) if target.tls else None

    def deliver(self, queue: BoundedQueue) -> None:
        """Runs until the queue has ended. After a failure while it is closing, what is left is given up."""
        parcel: list[Line] = []
        failures = 0
        while _is_there_more(parcel, queue):
            try:
                self._send(parcel, queue)
            except OSError as error:
                if queue.closing.is_set():
                    return
                if failures == 0:
                    event(_logger, "log_server_away", level=logging.WARNING, exc_info=error)
                queue.closing.wait(min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE))
                failures += 1
            else:
                queue.settle()
                parcel.clear()
                failures = 0

    def _send(self, parcel: list[Line], queue: BoundedQueue) -> None:
        with self._connected() as connection:
            connection.sendall(b"".join(parcel))
            deadline = time.monotonic() + PARCEL_SECONDS
            while len(parcel) < PARCEL_RECORDS and (line := queue.take(deadline - time.monotonic())) is not None:
                parcel.append(line)
                connection.sendall(line)
            _confirm(connection)

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((self._target.host, self._target.port), CONNECT_SECONDS)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_hostname=self._target.host)
        connection.settimeout(PATIENCE)
        return connection


def _is_there_more(parcel: list[Line], queue: BoundedQueue) -> bool:
    """Waits for a parcel's first record. False when the queue has ended."""
    while not parcel and not queue.ended:
        line = queue.take(IDLE_SECONDS)
        if line is not None:
            parcel.append(line)
    return bool(parcel)


def _confirm(connection: socket.socket) -> None:
    """Returns when the receiver has read all. Raises OSError when it has gone before."""
    if _has_gone(connection):
        raise ConnectionResetError("the log server closed the connection before its end")
    if isinstance(connection, ssl.SSLSocket):
        connection.settimeout(PATIENCE)
        connection.unwrap()
        return
    connection.settimeout(PATIENCE)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def _has_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(4096)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
