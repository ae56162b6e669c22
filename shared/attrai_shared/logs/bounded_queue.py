"""The bounded queue between the code that logs and the thread that delivers.

Nobody waits; what does not fit is counted.

Every record gets a number, and the numbers missing at the other end are the count. It is exact and needs no lock, which
a fork could leave held.
"""

import itertools
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event

Line = bytes
NumberedLine = tuple[int, Line]


class BoundedQueue:
    """Lines in order, at most `capacity`. One thread at a time puts (a handler's lock ensures it), one thread takes.

    `report(first, count)` makes the line that replaces `count` dropped records from number `first` on.
    """

    def __init__(self, capacity: int, report: Callable[[int, int], Line]) -> None:
        self.closing = Event()
        self.ended = False
        self._capacity = capacity
        self._report = report
        self._numbers = itertools.count()
        self._items: SimpleQueue[NumberedLine | None] = SimpleQueue()
        self._numbered = 0
        self._last_dropped = -1
        self._next_expected = 0
        self._delivered = 0

    def next_number(self) -> int | None:
        """The next record's number, from 0. None when the queue is full: the record is dropped."""
        number = next(self._numbers)
        self._numbered = number + 1
        if self._items.qsize() < self._capacity:
            return number
        self.drop_last()
        return None

    def put_nowait(self, item: NumberedLine) -> None:
        """Adds a numbered record's line."""
        self._items.put(item)

    def drop_last(self) -> None:
        """The record with the last number will not be put."""
        self._last_dropped = self._numbered - 1

    def close(self) -> None:
        """Nothing is put any more. `ended` becomes true when the last line is taken."""
        self.closing.set()
        self._items.put(None)

    def take(self, timeout_s: float) -> Line | None:
        """The next line, after a report where records are missing. None when no line came in time, or at the end."""
        dropped = self._last_dropped  # read before the queue is found empty: all that was put earlier has been taken
        try:
            item = self._items.get(timeout=max(timeout_s, 0.0) if dropped < self._next_expected else 0.0)
        except Empty:
            return self._report_until(dropped + 1)
        if item is None:
            self.ended = True
            return self._report_until(dropped + 1)
        number, line = item
        report = self._report_until(number)
        self._next_expected = number + 1
        return line if report is None else report + line

    def confirm_taken(self) -> None:
        """All lines taken so far are delivered."""
        self._delivered = self._next_expected

    def undelivered(self) -> int:
        """How many records are not delivered yet."""
        return self._numbered - self._delivered

    def _report_until(self, number: int) -> Line | None:
        first, self._next_expected = self._next_expected, max(self._next_expected, number)
        return self._report(first, number - first) if number > first else None
