"""The names in one folder in order, however many: sorted in runs that lie in unnamed temporary files beyond a size."""

import heapq
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO

RUN = 50_000
"""Names that are sorted in memory at a time, some 5 MB."""


def sorted_names(folder: bytes, run: int = RUN) -> Iterator[bytes]:
    """Every name in the folder in the order of its bytes, which for UTF-8 is that of the characters. Raises OSError."""
    with os.scandir(folder) as found:
        names = (entry.name for entry in found)
        first = sorted(islice(names, run))
        runs = [_spilled(some) for some in iter(lambda: sorted(islice(names, run)), [])]
    return heapq.merge(first, *map(_read, runs)) if runs else iter(first)


def _spilled(names: list[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its last reference, by the reader of the run
    file.writelines(len(name).to_bytes(2, "little") + name for name in names)
    file.seek(0)
    return file


def _read(run: IO[bytes]) -> Iterator[bytes]:
    with run:
        while size := run.read(2):
            yield run.read(int.from_bytes(size, "little"))
