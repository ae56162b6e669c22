"""Which names were there before, in 16 bytes for each: a set of strings would grow with the data set."""

import hashlib

import numpy as np

MAX_FILL = 0.7
"""Share of the table beyond which it is doubled."""


class NameSet:
    """Remembers names by 64 bits of a hash; two of a million names are taken for one with a probability of 3e-8."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 10, np.uint64)
        self._count = 0

    def add(self, name: str) -> bool:
        """Remember a name; False if it was there already."""
        digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1
        at = self._place(digest)
        if self._table[at] != 0:
            return False
        self._table[at] = digest
        self._count += 1
        if self._count > MAX_FILL * len(self._table):
            self._double()
        return True

    def _place(self, digest: int) -> int:
        """Where the mark stands, or the free place where it belongs."""
        table, last = self._table, len(self._table) - 1
        at = digest & last
        while table[at] != 0 and table[at] != digest:
            at = (at + 1) & last
        return at

    def _double(self) -> None:
        digests = self._table[self._table != 0]
        self._table = np.zeros(2 * len(self._table), np.uint64)
        for digest in map(int, digests):
            self._table[self._place(digest)] = digest
