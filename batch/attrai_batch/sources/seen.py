"""Which names were there before, in 16 bytes for each: a set of strings would grow with the data set."""

import hashlib

import numpy as np

FULL = 0.7
"""Share of the table beyond which it is doubled."""


class Seen:
    """Remembers names by 64 bits of a hash; two of a million names are taken for one with a probability of 3e-8."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 10, np.uint64)
        self._count = 0

    def add(self, name: str) -> bool:
        """Remember a name; False if it was there already."""
        mark = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1
        at = self._place(mark)
        if self._table[at] != 0:
            return False
        self._table[at] = mark
        self._count += 1
        if self._count > FULL * len(self._table):
            self._double()
        return True

    def _place(self, mark: int) -> int:
        """Where the mark stands, or the free place where it belongs."""
        table, last = self._table, len(self._table) - 1
        at = mark & last
        while table[at] != 0 and table[at] != mark:
            at = (at + 1) & last
        return at

    def _double(self) -> None:
        marks = self._table[self._table != 0]
        self._table = np.zeros(2 * len(self._table), np.uint64)
        for mark in map(int, marks):
            self._table[self._place(mark)] = mark
