"""A folder of photos, walked in the order of names. A file is opened only if its name does not tell what it is."""

import hashlib
import heapq
import os
import stat
import tempfile
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO

from attrai_batch.errors import SourceError
from attrai_batch.sources.entries import Entry, FileEntry, PassedOver, RefusedEntry
from attrai_batch.sources.file_kinds import START_BYTES
from attrai_batch.sources.member_filter import is_photo_file
from attrai_batch.sources.rules import (
    DEFAULT_SOURCE_LIMITS,
    SourceLimits,
    escaped_name,
    is_hidden,
    is_photo,
    unsafe_reason,
)

SORTED_IN_MEMORY = 50_000
"""Names of one folder that are sorted in memory at a time: about 5 MB."""

DatedEntry = tuple[Entry, int]
"""An entry, and the time of its file's last change in nanoseconds; 0 for a refused one."""


class FolderSource:
    """All photos below a folder. Hidden files are skipped, and files that are no photos are counted.

    Links to photos inside are followed. Links to folders inside are skipped, as their photos are listed anyway. Links
    that lead outside are refused.
    """

    def __init__(self, folder: Path, limits: SourceLimits = DEFAULT_SOURCE_LIMITS) -> None:
        self._folder = folder.resolve()
        self._root = os.fsencode(self._folder)
        self._limits = limits
        self.passed_over = PassedOver()

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def fingerprint(self) -> str:
        return self._summary[0]

    @property
    def count(self) -> int:
        return self._summary[1]

    def expected(self) -> int:
        return self.count

    def entries(self) -> Iterator[Entry]:
        return (entry for entry, _ in self._walk())

    @cached_property
    def _summary(self) -> tuple[str, int]:
        """The fingerprint and the count, from one walk before the first photo is read."""
        digest, count = hashlib.sha256(), 0
        for entry, changed in self._walk():
            size = entry.size if isinstance(entry, FileEntry) else 0
            digest.update(f"{entry.name}\0{size}\0{changed}\n".encode())
            count += 1
        return digest.hexdigest(), count

    def _walk(self) -> Iterator[DatedEntry]:
        """Without recursion, as a folder may be nested deeper than Python recurses."""
        self.passed_over = PassedOver()
        try:
            levels = [(b"", sorted_names(self._root))]
        except OSError as error:
            raise SourceError(f"the folder {self._folder} cannot be read: {error.strerror}") from error
        while levels:
            above, names = levels[-1]
            name = next(names, None)
            if name is None:
                levels.pop()
            elif not is_hidden(os.fsdecode(name)):
                yield from self._entry(above + name, levels)

    def _entry(self, name: bytes, levels: list[tuple[bytes, Iterator[bytes]]]) -> Iterator[DatedEntry]:
        """The entry of a name, if it has one; a folder is added to `levels` instead."""
        text = os.fsdecode(name)
        try:
            link = stat.S_ISLNK(os.lstat(os.path.join(self._root, name)).st_mode)  # noqa: PTH118 - bytes
            if link and not self._leads_inside(name):
                yield from self._outside(text)
                return
            status = os.stat(os.path.join(self._root, name))  # noqa: PTH116, PTH118 - bytes
            if not stat.S_ISDIR(status.st_mode):
                yield from self._file(text, status)
            elif not link:
                levels.append((name + b"/", sorted_names(os.path.join(self._root, name))))  # noqa: PTH118 - bytes
        except OSError as error:
            yield RefusedEntry(escaped_name(text), "unreadable", f"it cannot be opened: {error.strerror}"), 0

    def _leads_inside(self, link: bytes) -> bool:
        target = os.path.realpath(os.path.join(self._root, link))  # noqa: PTH118 - bytes
        return (target + b"/").startswith(self._root.rstrip(b"/") + b"/")

    def _outside(self, name: str) -> Iterator[DatedEntry]:
        if is_photo(name) or (self._folder / name).is_dir():
            yield RefusedEntry(escaped_name(name), "unsafe_link", "a link that leads outside the folder"), 0

    def _file(self, name: str, status: os.stat_result) -> Iterator[DatedEntry]:
        if not stat.S_ISREG(status.st_mode):
            if is_photo(name):
                yield RefusedEntry(escaped_name(name), "special_file", "neither a file nor a folder"), 0
        elif not is_photo_file(name, lambda: self._start(name), self.passed_over):
            return
        elif (reason := unsafe_reason(name)) is not None:
            yield RefusedEntry(escaped_name(name), "unsafe_name", reason), 0
        elif status.st_size > self._limits.photo:
            yield RefusedEntry(name, "too_many_bytes", f"the file has {status.st_size} bytes"), 0
        else:
            yield FileEntry(name, status.st_size), status.st_mtime_ns

    def _start(self, name: str) -> bytes:
        """The file's first bytes; none if it cannot be opened. Does not wait if it has become a pipe."""
        try:
            descriptor = os.open(os.path.join(self._root, os.fsencode(name)), os.O_RDONLY | os.O_NONBLOCK)  # noqa: PTH118 - bytes
        except OSError:
            return b""
        with os.fdopen(descriptor, "rb") as file:
            return file.read(START_BYTES) or b""


def sorted_names(folder: bytes, in_memory: int = SORTED_IN_MEMORY) -> Iterator[bytes]:
    """Every name in the folder in the order of its bytes, which for UTF-8 is that of the characters. Raises OSError.

    Names beyond `in_memory` are sorted in runs of that size, in unnamed temporary files that are then merged.
    """
    with os.scandir(folder) as found:
        names = (entry.name for entry in found)
        first = sorted(islice(names, in_memory))
        runs = [_write_run(run) for run in iter(lambda: sorted(islice(names, in_memory)), [])]
    return heapq.merge(first, *map(_read_run, runs)) if runs else iter(first)


def _write_run(names: list[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - `_read_run` closes it
    file.writelines(len(name).to_bytes(2, "little") + name for name in names)
    file.seek(0)
    return file


def _read_run(run: IO[bytes]) -> Iterator[bytes]:
    with run:
        while size := run.read(2):
            yield run.read(int.from_bytes(size, "little"))
