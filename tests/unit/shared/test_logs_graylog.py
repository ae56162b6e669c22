"""Sending to a log server that stalls, breaks off or is away: logging does not block, and the counts are exact."""

import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from attrai_shared.logs import LogTarget
from attrai_shared.logs.formats import Gelf
from attrai_shared.logs.graylog import DeliveryOptions, GraylogSender
from attrai_shared.logs.handler import AsyncLogHandler
from attrai_shared.logs.records import Origin

pytestmark = pytest.mark.timeout(60)
LOGGER = logging.getLogger("attrai_test")
CAPACITY = 300
BRISK = DeliveryOptions(batch_records=100, batch_s=0.1, first_pause_s=0.01, longest_pause_s=0.05)


class Receiver:
    """Listens on loopback. Each connection is given to the next behaviour, or the last; what it returns is received."""

    def __init__(self, *behaviours: Callable[[socket.socket], bytes], port: int = 0) -> None:
        self._listening = socket.create_server(("127.0.0.1", port))
        self.target = LogTarget("127.0.0.1", self._listening.getsockname()[1])
        self._behaviours = chain(behaviours, repeat(behaviours[-1]))
        self._received = b""
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(document) for document in self._received.split(b"\0")[:-1]]

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self._received += next(self._behaviours)(connection)


def read_all(connection: socket.socket) -> bytes:
    chunks = []
    while chunk := connection.recv(65_536):
        chunks.append(chunk)
    return b"".join(chunks)


@contextmanager
def sending(target: LogTarget, capacity: int = CAPACITY) -> Iterator[AsyncLogHandler]:
    handler = AsyncLogHandler(Gelf(Origin("bot", "r1", "0.1.0")), GraylogSender(target, BRISK).deliver, capacity)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield handler
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.propagate = True
        handler.close()


def log(count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        LOGGER.info("%d", number)


def until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.005)


def messages(documents: list[dict[str, Any]]) -> set[str]:
    return {document["short_message"] for document in documents if "_records" not in document}


def reported(documents: list[dict[str, Any]]) -> int:
    """Dropped records by the reports. A second copy of a report has the same sequence."""
    return sum(
        {document["_sequence"]: document["_records"] for document in documents if "_records" in document}.values()
    )


def test_a_stalled_receiver_does_not_block_and_memory_is_bounded() -> None:
    go_on = threading.Event()

    def stall(connection: socket.socket) -> bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        go_on.wait()
        return read_all(connection)

    receiver = Receiver(stall)
    with sending(receiver.target) as handler:
        log(3_000)
        assert handler.queue._items.qsize() <= CAPACITY
        assert handler.queue.undelivered() == 3_000
        go_on.set()
        until(lambda: handler.queue.undelivered() == 0)
    documents = receiver.documents()
    assert len(messages(documents)) + reported(documents) == 3_000
    assert CAPACITY <= len(messages(documents)) <= CAPACITY + BRISK.batch_records
    receiver.close()


def test_after_an_outage_queued_records_arrive_and_dropped_ones_are_counted() -> None:
    away = Receiver(read_all)
    target = away.target
    away.close()
    with sending(target) as handler:
        log(CAPACITY * 4)
        back = Receiver(read_all, port=target.port)
        until(lambda: handler.queue.undelivered() == 0)
    documents = back.documents()
    assert len(messages(documents)) + reported(documents) == CAPACITY * 4
    assert CAPACITY <= len(messages(documents)) <= CAPACITY + BRISK.batch_records
    assert {str(number) for number in range(CAPACITY)} <= messages(documents)
    assert [document["_event"] for document in documents if "_records" in document] == ["log_records_dropped"]
    back.close()


def _reset(connection: socket.socket) -> bytes:
    """Reads a little, then resets the connection: its buffer is lost, as when a server is killed."""
    connection.recv(100)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return b""


def _leave(connection: socket.socket) -> bytes:
    """Closes the connection before the end, as a stopped server does."""
    connection.recv(100)
    return b""


@pytest.mark.parametrize("breaking_off", [_reset, _leave])
def test_a_batch_that_was_not_read_completely_is_sent_again(breaking_off: Callable[[socket.socket], bytes]) -> None:
    receiver = Receiver(breaking_off, breaking_off, read_all)
    with sending(receiver.target) as handler:
        for number in range(40):
            log(1, number)
            until(handler.queue._items.empty)
        until(lambda: handler.queue.undelivered() == 0)
    assert messages(receiver.documents()) == {str(number) for number in range(40)}
    assert reported(receiver.documents()) == 0
    assert receiver.connections >= 3
    receiver.close()


def test_a_server_that_closes_first_has_confirmed_nothing() -> None:
    """It read the record from the socket and ended before using it."""

    def forget(connection: socket.socket) -> bytes:
        while not connection.recv(65_536).endswith(b"\0"):
            pass
        return b""

    receiver = Receiver(forget, read_all)
    with sending(receiver.target) as handler:
        log(1)
        until(lambda: handler.queue.undelivered() == 0)
    assert messages(receiver.documents()) == {"0"}
    receiver.close()


def test_stop_delivers_the_queue_and_returns_the_number_of_lost_records() -> None:
    receiver = Receiver(read_all)
    with sending(receiver.target) as handler:
        log(100)
        assert handler.stop() == 0
    assert len(messages(receiver.documents())) == 100
    receiver.close()
    with sending(receiver.target) as handler:
        log(100)
        assert handler.stop() == 100


def test_a_server_without_tls_is_retried() -> None:
    receiver = Receiver(_leave)
    with sending(LogTarget("127.0.0.1", receiver.target.port, tls=True)) as handler:
        log(10)
        until(lambda: receiver.connections > 2)
        assert handler.stop() == 10
    receiver.close()


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("gelf+tcp://graylog:12202", LogTarget("graylog", 12202)),
        ("gelf+tcp://graylog", LogTarget("graylog", 12201)),
        ("gelf+tcp://[::1]:1/", LogTarget("::1", 1)),
        ("gelf+tls://graylog", LogTarget("graylog", 12201, tls=True)),
        (
            "gelf+tls://graylog:12204?ca=/run/secrets/ca.pem",
            LogTarget("graylog", 12204, tls=True, ca=Path("/run/secrets/ca.pem")),
        ),
    ],
)
def test_valid_urls_are_parsed(url: str, target: LogTarget) -> None:
    assert LogTarget.parse(url) == target


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "begins with gelf"),
        ("graylog:12201", "begins with gelf"),
        ("gelf+udp://graylog", "begins with gelf"),
        ("gelf+tcp://", "names a host"),
        ("gelf+tcp://:12201", "names a host"),
        ("gelf+tcp://graylog:70000", "1 to 65535"),
        ("gelf+tcp://graylog:gelf", "1 to 65535"),
        ("gelf+tcp://me:secret@graylog", "no user"),
        ("gelf+tcp://graylog/gelf", "no user, path"),
        ("gelf+tcp://graylog?ca=/ca.pem", "gelf\\+tls"),
        ("gelf+tls://graylog?cert=/c.pem", "no option cert"),
        ("gelf+tls://graylog?ca=", "one path"),
        ("gelf+tls://graylog?ca=/a&ca=/b", "one path"),
    ],
)
def test_other_urls_are_refused_with_a_sentence(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refusal:
        LogTarget.parse(url)
    assert "secret" not in str(refusal.value)
