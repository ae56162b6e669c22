"""A log handler that never blocks: it encodes records into a bounded queue, and its own thread delivers them."""

import itertools
import logging
import os
from collections.abc import Callable
from logging.handlers import QueueHandler
from threading import Thread

from attrai_shared.logs.bounded_queue import BoundedQueue, Line
from attrai_shared.logs.events import FIELDS
from attrai_shared.logs.records import is_wanted

Encode = Callable[[logging.LogRecord, int], Line]
"""Makes bytes of a record and its number; they end as the receiver expects."""
Deliver = Callable[[BoundedQueue], None]
"""Takes lines until the queue has ended."""

STOP_TIMEOUT_S = 5.0
_thread_numbers = itertools.count(1)


class AsyncLogHandler(QueueHandler):
    """The standard library's QueueHandler with a BoundedQueue.

    Threads do not survive a fork: a child process starts a thread and a queue of its own and leaves the parent's
    records to the parent.
    """

    queue: BoundedQueue  # type: ignore[assignment]  # only this class puts and takes

    def __init__(self, encode: Encode, deliver: Deliver, capacity: int) -> None:
        self._encode = encode
        self._deliver = deliver
        self._capacity = capacity
        super().__init__(self._start())  # type: ignore[arg-type]
        self.addFilter(is_wanted)

    def belongs_to_this_process(self) -> bool:
        return self._process == os.getpid()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record unchanged; `enqueue` makes it safe to keep."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Encodes at once if there is room, because the objects that a record refers to may change later."""
        if not self.belongs_to_this_process():
            self.queue = self._start()
        number = self.queue.next_number()
        if number is not None:
            self.queue.put_nowait((number, self._encode(record, number)))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Counts a record that cannot be encoded as dropped; the library's own handler would print its arguments."""
        self.queue.drop_last()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Delivers what is queued until the timeout; returns how many records are not delivered."""
        if not self.belongs_to_this_process():
            return 0
        if not self.queue.closing.is_set():
            self.queue.close()
            self._thread.join(timeout_s)
        return self.queue.undelivered()

    def close(self) -> None:
        """Also called by logging when the interpreter ends."""
        self.stop()
        super().close()

    def _start(self) -> BoundedQueue:
        self._process = os.getpid()
        queue = BoundedQueue(self._capacity, self._report)
        self._thread = Thread(target=self._deliver, args=(queue,), name=f"logs-{next(_thread_numbers)}", daemon=True)
        self._thread.start()
        return queue

    def _report(self, first: int, count: int) -> Line:
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, "log_records_dropped", (), None)
        setattr(record, FIELDS, {"event": "log_records_dropped", "records": count})
        return self._encode(record, first)
