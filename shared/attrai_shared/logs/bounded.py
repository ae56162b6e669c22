"""The bounded queue between those who log and the thread that delivers: nobody waits, and what does not fit is counted.

Every record gets a number, and numbers that are missing when records are taken are the count: exact, and without a lock
that a fork could leave held.
"""

import itertools
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event

Line = bytes
Numbered = tuple[int, Line]


class BoundedQueue:
    """Lines in order, at most `capacity`. One thread at a time puts (a handler's lock sees to it), one thread takes.

    `report(first, count)` makes the line that stands in for `count` dropped records from number `first` on.
    """

    def __init__(self, capacity: int, report: Callable[[int, int], Line]) -> None:
        self.closing = Event()
        self.ended = False
        self._capacity = capacity
        self._report = report
        self._numbers = itertools.count()
        self._items: SimpleQueue[Numbered | None] = SimpleQueue()
        self._given = 0
        self._last_refused = -1
        self._expected = 0
        self._settled = 0

    def number(self) -> int | None:
        """The next record's number, from 0, or None when the queue is full: the record is dropped."""
        number = next(self._numbers)
        self._given = number + 1
        if self._items.qsize() < self._capacity:
            return number
        self.refuse()
        return None

    def put_nowait(self, item: Numbered) -> None:
        """Takes a numbered record's line."""
        self._items.put(item)

    def refuse(self) -> None:
        """The record numbered last will not come."""
        self._last_refused = self._given - 1

    def close(self) -> None:
        """Nothing will be put any more; after what is there, `ended` becomes true."""
        self.closing.set()
        self._items.put(None)

    def take(self, seconds: float) -> Line | None:
        """The next line, behind a report where records are missing; None if none came in time, or at the end."""
        refused = self._last_refused  # read before the queue is found empty: what was put until then has been taken
        try:
            item = self._items.get(timeout=max(seconds, 0.0) if refused < self._expected else 0.0)
        except Empty:
            return self._report_until(refused + 1)
        if item is None:
            self.ended = True
            return self._report_until(refused + 1)
        number, line = item
        report = self._report_until(number)
        self._expected = number + 1
        return line if report is None else report + line

    def settle(self) -> None:
        """All lines taken so far have arrived."""
        self._settled = self._expected

    def unsettled(self) -> int:
        """How many records have not arrived."""
        return self._given - self._settled

    def _report_until(self, number: int) -> Line | None:
        first, self._expected = self._expected, max(self._expected, number)
        return self._report(first, number - first) if number > first else None
