"""A tar or a zip as a source. A damaged end is the last of its entries."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from attrai_batch.errors import NotAnArchive, SourceError
from attrai_batch.sources.entries import Entry, PassedOver, RefusedEntry
from attrai_batch.sources.file_kinds import START_BYTES, archive_kind, is_web_page
from attrai_batch.sources.member_filter import ArchiveEnds, MemberFilter
from attrai_batch.sources.rules import DEFAULT_SOURCE_LIMITS, SourceLimits, escaped_name
from attrai_batch.sources.tar_archive import tar_entries
from attrai_batch.sources.zip_archive import zip_count, zip_entries
from attrai_batch.sources.zip_names import DEFAULT_ENCODING, checked_encoding

FINGERPRINT_END_BYTES = 1 << 16
"""Bytes from each end of an archive that its fingerprint covers, beside size and time."""
MAX_COUNTED_BYTES = 256 << 20
"""Size of the largest archive that is read one more time to count its entries."""


class ArchiveSource:
    """An archive of photos. Its first bytes tell its kind, not its name. Raises SourceError.

    The row of a damaged archive has `name`. The `fingerprint` of a download is known already. `zip_encoding` is that of
    names in a zip that are not UTF-8; another one gives other names, so it changes the fingerprint.
    """

    def __init__(
        self,
        path: Path,
        limits: SourceLimits = DEFAULT_SOURCE_LIMITS,
        *,
        name: str | None = None,
        fingerprint: str | None = None,
        zip_encoding: str = DEFAULT_ENCODING,
    ) -> None:
        self._encoding = checked_encoding(zip_encoding)
        self._path = path
        self._limits = limits
        self._name = escaped_name(name or path.name)
        self._fingerprint = fingerprint
        self._is_zip = _is_zip(path)
        self.passed_over = PassedOver()
        self._read_count = 0
        self._read_share: Callable[[], float] | None = None

    @property
    def folder(self) -> None:
        return None

    @cached_property
    def count(self) -> int | None:
        """Of a zip, and of an archive that is small enough to be read in seconds."""
        if self._path.stat().st_size <= MAX_COUNTED_BYTES:
            return sum(1 for _ in self.entries())
        with suppress(ArchiveEnds):  # the table says so
            return zip_count(self._path, self._encoding) if self._is_zip else None
        return None

    def expected(self) -> int | None:
        """Estimated from the part of a tar that has been read: photos do not shrink, so entries are spread evenly."""
        return round(self._read_count / self._read_share()) if self._read_count and self._read_share else None

    @cached_property
    def fingerprint(self) -> str:
        content = self._content_fingerprint()
        if self._encoding == DEFAULT_ENCODING:
            return content
        return hashlib.sha256(f"{content}\0{self._encoding}".encode()).hexdigest()

    def _content_fingerprint(self) -> str:
        if self._fingerprint is not None:
            return self._fingerprint
        status = self._path.stat()
        digest = hashlib.sha256(f"{status.st_size}\0{status.st_mtime_ns}\0".encode())
        with self._path.open("rb") as file:
            digest.update(file.read(FINGERPRINT_END_BYTES))
            file.seek(max(status.st_size - FINGERPRINT_END_BYTES, 0))
            digest.update(file.read(FINGERPRINT_END_BYTES))
        return digest.hexdigest()

    def entries(self) -> Iterator[Entry]:
        try:
            yield from self._read()
        except ArchiveEnds as end:
            yield RefusedEntry(self._name, end.code, f"{end}; nothing behind that was read")
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}") from error

    def _read(self) -> Iterator[Entry]:
        self.passed_over = PassedOver()
        member_filter = MemberFilter(self._limits, self.passed_over)
        if self._is_zip:
            yield from zip_entries(self._path, self._limits, self._encoding, member_filter)
            return
        self._read_count = 0
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._read_share = lambda: max(file.tell(), 1) / size
            try:
                for entry in tar_entries(file, self._limits, member_filter):
                    self._read_count += 1
                    yield entry
            finally:
                self._read_share = lambda: 1.0


def _is_zip(path: Path) -> bool:
    """Whether it is a zip; if not, it is a tar. Raises NotAnArchive if it is neither, SourceError."""
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror or os.strerror(error.errno or 0)}") from error
    if is_web_page(start):
        raise NotAnArchive(str(path), "a web page (HTML) and no archive")
    kind = archive_kind(start)
    if kind is None and path.suffix != ".tar":
        raise NotAnArchive(str(path), "neither a folder nor a tar (plain, gzip, bzip2, xz) or zip")
    return kind == "zip"
