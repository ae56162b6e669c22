"""A folder of photos: walked in the order of names, every file looked at and none opened."""

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from attrai_batch.errors import SourceError
from attrai_batch.sources.entries import Entry, FileEntry, RefusedEntry
from attrai_batch.sources.limits import SOURCE_LIMITS, SourceLimits
from attrai_batch.sources.listing import sorted_names
from attrai_batch.sources.names import escaped_name, is_hidden, is_photo, unsafe_reason

Looked = tuple[Entry, int]
"""An entry and the time of its file's last change in nanoseconds; 0 for one that is refused."""


class FolderSource:
    """All photos below a folder. Hidden files and what has no photo's suffix are skipped.

    Links to photos inside are followed, links to folders inside are not (their photos stand under their own names);
    links that lead outside are refused.
    """

    def __init__(self, folder: Path, limits: SourceLimits = SOURCE_LIMITS) -> None:
        self._folder = folder.resolve()
        self._root = os.fsencode(self._folder)
        self._limits = limits

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def fingerprint(self) -> str:
        return self._counted[0]

    @property
    def count(self) -> int:
        return self._counted[1]

    def expected(self) -> int:
        return self.count

    def entries(self) -> Iterator[Entry]:
        return (entry for entry, _ in self._walked())

    @cached_property
    def _counted(self) -> tuple[str, int]:
        """One walk over names, sizes and times, made before the first photo is read."""
        digest, count = hashlib.sha256(), 0
        for entry, changed in self._walked():
            size = entry.size if isinstance(entry, FileEntry) else 0
            digest.update(f"{entry.name}\0{size}\0{changed}\n".encode())
            count += 1
        return digest.hexdigest(), count

    def _walked(self) -> Iterator[Looked]:
        """Without recursion: a folder may be nested as deep as a path can be long."""
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
                yield from self._looked_at(above + name, levels)

    def _looked_at(self, name: bytes, levels: list[tuple[bytes, Iterator[bytes]]]) -> Iterator[Looked]:
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

    def _outside(self, name: str) -> Iterator[Looked]:
        if is_photo(name) or (self._folder / name).is_dir():
            yield RefusedEntry(escaped_name(name), "unsafe_link", "a link that leads outside the folder"), 0

    def _file(self, name: str, status: os.stat_result) -> Iterator[Looked]:
        if not is_photo(name):
            return
        if not stat.S_ISREG(status.st_mode):
            yield RefusedEntry(escaped_name(name), "special_file", "neither a file nor a folder"), 0
        elif (reason := unsafe_reason(name)) is not None:
            yield RefusedEntry(escaped_name(name), "unsafe_name", reason), 0
        elif status.st_size > self._limits.photo:
            yield RefusedEntry(name, "too_many_bytes", f"the file has {status.st_size} bytes"), 0
        else:
            yield FileEntry(name, status.st_size), status.st_mtime_ns
