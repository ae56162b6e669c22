"""A tar or a zip as a source: entries and refusals, a damaged end as the last of them."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from attrai_batch.errors import SourceError
from attrai_batch.sources.decompression import BZIP2, GZIP, XZ
from attrai_batch.sources.entries import Entry, RefusedEntry
from attrai_batch.sources.limits import SOURCE_LIMITS, SourceLimits
from attrai_batch.sources.member_filter import ArchiveEnds
from attrai_batch.sources.names import escaped_name
from attrai_batch.sources.tar_archive import tar_entries
from attrai_batch.sources.zip_archive import zip_count, zip_entries

ZIP = (b"PK\3\4", b"PK\5\6")
"""The first bytes of a zip, and of one without a member."""
TAR_AT = 257
"""Where a tar has `ustar`."""
ENDS = 1 << 16
"""Bytes from each end of an archive that its fingerprint covers, beside its size and time."""
COUNTED = 256 << 20
"""Bytes of the largest archive that is read once more to count what is in it."""


class ArchiveSource:
    """An archive of photos. What kind it is, its first bytes say, not its name. Raises SourceError.

    `name` stands in the row that says that the archive is damaged; `fingerprint` is known of a download.
    """

    def __init__(
        self,
        path: Path,
        limits: SourceLimits = SOURCE_LIMITS,
        *,
        name: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self._path = path
        self._limits = limits
        self._name = escaped_name(name or path.name)
        self._fingerprint = fingerprint
        self._is_zip = _is_zip(path)
        self._given = 0
        self._share: Callable[[], float] | None = None

    @property
    def folder(self) -> None:
        return None

    @cached_property
    def count(self) -> int | None:
        """For the progress bar: of a zip, and of another archive that is read through in seconds."""
        if self._path.stat().st_size <= COUNTED:
            return sum(1 for _ in self.entries())
        with suppress(ArchiveEnds):  # its row says so
            return zip_count(self._path) if self._is_zip else None
        return None

    def expected(self) -> int | None:
        """By the part of a tar that has been read: photos are compressed already, so that members are spread evenly over it."""
        return round(self._given / self._share()) if self._given and self._share else None

    @cached_property
    def fingerprint(self) -> str:
        if self._fingerprint is not None:
            return self._fingerprint
        status = self._path.stat()
        digest = hashlib.sha256(f"{status.st_size}\0{status.st_mtime_ns}\0".encode())
        with self._path.open("rb") as file:
            digest.update(file.read(ENDS))
            file.seek(max(status.st_size - ENDS, 0))
            digest.update(file.read(ENDS))
        return digest.hexdigest()

    def entries(self) -> Iterator[Entry]:
        try:
            yield from self._read()
        except ArchiveEnds as end:
            yield RefusedEntry(self._name, end.code, f"{end}; nothing behind that was read")
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}") from error

    def _read(self) -> Iterator[Entry]:
        if self._is_zip:
            yield from zip_entries(self._path, self._limits)
            return
        self._given = 0
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._share = lambda: max(file.tell(), 1) / size
            try:
                for entry in tar_entries(file, self._limits):
                    self._given += 1
                    yield entry
            finally:
                self._share = lambda: 1.0


def _is_zip(path: Path) -> bool:
    """Whether it is one, or a tar. Raises SourceError when it is neither."""
    try:
        with path.open("rb") as file:
            start = file.read(TAR_AT + 5)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror or os.strerror(error.errno or 0)}") from error
    if start.startswith(ZIP):
        return True
    if start.startswith((GZIP, BZIP2, XZ)) or start[TAR_AT:] == b"ustar" or path.suffix == ".tar":
        return False
    raise SourceError(f"{path} is neither a folder nor a tar (plain, gzip, bzip2, xz) or zip")
