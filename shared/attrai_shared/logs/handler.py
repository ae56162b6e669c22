"""A handler that nobody waits for: it encodes records into a bounded queue, and a thread of its own delivers them."""

import itertools
import logging
import os
from collections.abc import Callable
from logging.handlers import QueueHandler
from threading import Thread
from typing import Final

from attrai_shared.logs.bounded import BoundedQueue, Line
from attrai_shared.logs.events import FIELDS
from attrai_shared.logs.records import is_wanted

Encode = Callable[[logging.LogRecord, int], Line]
"""A record and its number as bytes that end as the receiver expects."""
Deliver = Callable[[BoundedQueue], None]
"""Takes lines until the queue has ended."""

STOP_SECONDS: Final = 5.0
_names = itertools.count(1)


class AsyncLogHandler(QueueHandler):
    """The standard library's QueueHandler with our queue.

    Threads do not survive a fork: a child starts a thread and a queue of its own, without what its parent is to send.
    """

    queue: BoundedQueue  # type: ignore[assignment]  # we alone put and take

    def __init__(self, encode: Encode, deliver: Deliver, capacity: int) -> None:
        self._encode = encode
        self._deliver = deliver
        self._capacity = capacity
        super().__init__(self._start())  # type: ignore[arg-type]
        self.addFilter(is_wanted)

    def belongs_to_this_process(self) -> bool:
        return self._process == os.getpid()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as it is, which `enqueue` makes safe to keep."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Encodes at once, if there is room: what a record refers to may change or go away afterwards."""
        if not self.belongs_to_this_process():
            self.queue = self._start()
        number = self.queue.number()
        if number is not None:
            self.queue.put_nowait((number, self._encode(record, number)))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """A record that cannot be encoded counts as dropped; the library's own handler would print its arguments."""
        self.queue.refuse()

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Delivers what is there, for at most so many seconds, and returns how many records have not arrived."""
        if not self.belongs_to_this_process():
            return 0
        if not self.queue.closing.is_set():
            self.queue.close()
            self._thread.join(seconds)
        return self.queue.unsettled()

    def close(self) -> None:
        """Also called by logging at the interpreter's end."""
        self.stop()
        super().close()

    def _start(self) -> BoundedQueue:
        self._process = os.getpid()
        queue = BoundedQueue(self._capacity, self._report)
        self._thread = Thread(target=self._deliver, args=(queue,), name=f"logs-{next(_names)}", daemon=True)
        self._thread.start()
        return queue

    def _report(self, first: int, count: int) -> Line:
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, "log_records_dropped", (), None)
        setattr(record, FIELDS, {"event": "log_records_dropped", "records": count})
        return self._encode(record, first)
