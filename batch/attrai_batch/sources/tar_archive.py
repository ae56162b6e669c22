"""Reads a tar, plain or in gzip, bzip2 or xz, as a stream with one member in memory at a time.

Tars that follow each other in one file are read as one.
"""

import tarfile
from collections.abc import Iterator
from typing import IO, Self

from attrai_batch.sources.decompression import DecompressedStream
from attrai_batch.sources.entries import Entry, MemberEntry, RefusedEntry
from attrai_batch.sources.file_kinds import START_BYTES
from attrai_batch.sources.member_filter import ArchiveEnds, ArchiveMember, Kind, MemberFilter
from attrai_batch.sources.rules import SourceLimits, normalized

CUT_OFF = "the archive ends in the middle of a member"


class _NoHeader(tarfile.ReadError):
    """The file ends where a header is expected."""


def tar_entries(file: IO[bytes], limits: SourceLimits, member_filter: MemberFilter) -> Iterator[Entry]:
    """The photos and refusals of a tar. Raises ArchiveEnds if the rest cannot be read, OSError."""
    stream = DecompressedStream(file, limits)
    stream.allow(limits.header)
    with _opened(stream) as archive:
        for info in _members(archive, stream, limits):
            yield from _entry(archive, info, member_filter)


class _Header(tarfile.TarInfo):
    """Raises an error for a damaged or missing header, which the library treats as the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if not buf:
            raise _NoHeader("its last member is followed by nothing")
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if any(buf):
                raise tarfile.ReadError(str(error)) from error
            raise  # a block of zeros is the end


def _opened(stream: DecompressedStream) -> tarfile.TarFile:
    """A name that is not UTF-8 gets surrogates, and `unsafe_reason` refuses it."""
    try:
        archive: tarfile.TarFile = tarfile.open(  # type: ignore[call-overload] # noqa: SIM115 - only reads; its user closes it
            fileobj=stream, mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
        )
    except (tarfile.TarError, ValueError) as error:
        raise ArchiveEnds("damaged_archive", f"the archive is no tar, or damaged: {error}") from error
    return archive


def _members(archive: tarfile.TarFile, stream: DecompressedStream, limits: SourceLimits) -> Iterator[tarfile.TarInfo]:
    """Each member's header, also behind the end marks of tars that others follow."""
    is_behind_end = False
    while True:
        try:
            info = archive.next()
        except _NoHeader as error:
            if is_behind_end:
                return
            raise ArchiveEnds("damaged_archive", f"the archive is damaged or ends early: {error}") from error
        except (ArchiveEnds, tarfile.TarError, ValueError, OverflowError) as error:
            raise _end(error, is_behind_end=is_behind_end) from error
        if info is None:
            is_behind_end = True
            if not _skips_zeros(archive):
                return
            stream.allow(limits.header)
            continue
        if info.size < 0:
            raise ArchiveEnds("damaged_archive", "the archive is damaged: a member of less than no size")
        is_behind_end = False
        vars(archive)["members"].clear()  # the library keeps a list of all members, which grows with the archive
        stream.allow(_to_next_header(archive) + limits.header)
        yield info


def _end(error: Exception, *, is_behind_end: bool) -> ArchiveEnds:
    """Why no header can be read."""
    if isinstance(error, ArchiveEnds):
        return ArchiveEnds(error.code, f"behind the end of the tar, {error}") if is_behind_end else error
    if is_behind_end:
        return ArchiveEnds("damaged_archive", f"behind the end of the tar are bytes that are no tar: {error}")
    return ArchiveEnds("damaged_archive", f"the archive is damaged or ends early: {error}")


def _skips_zeros(archive: tarfile.TarFile) -> bool:
    """Move on from a block of zeros, the end mark of a tar. False if the file ends within it."""
    if archive.fileobj is None or archive.fileobj.tell() < archive.offset + tarfile.BLOCKSIZE:
        return False
    archive.offset += tarfile.BLOCKSIZE
    return True


def _to_next_header(archive: tarfile.TarFile) -> int:
    """Bytes between the last read position and the next header."""
    position = archive.fileobj.tell() if archive.fileobj is not None else 0
    return max(int(archive.offset) - position, 0)


def _entry(archive: tarfile.TarFile, info: tarfile.TarInfo, member_filter: MemberFilter) -> Iterator[Entry]:
    content = _MemberContent(archive, info)
    verdict = member_filter.check(_member(info), content.start)
    if isinstance(verdict, RefusedEntry):
        yield verdict
    elif verdict:
        yield MemberEntry(_member(info).name, content.whole())


def _member(info: tarfile.TarInfo) -> ArchiveMember:
    return ArchiveMember(normalized(info.name), _kind(info), info.size)


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.isdir():
        return "folder"
    if info.issym() or info.islnk():
        return "link"
    return "file" if info.isreg() and not info.issparse() else "special"


class _MemberContent:
    """A member's bytes, which the stream gives once."""

    def __init__(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        self._archive = archive
        self._info = info
        self._file: IO[bytes] | None = None
        self._start = b""

    def start(self) -> bytes:
        """The first bytes."""
        self._start = self._read(START_BYTES)
        return self._start

    def whole(self) -> bytes:
        """All bytes. Raises ArchiveEnds if the archive ends before."""
        data = self._start + self._read(-1)
        if len(data) < self._info.size:
            raise ArchiveEnds("damaged_archive", CUT_OFF)
        return data

    def _read(self, size: int) -> bytes:
        try:
            self._file = self._file or self._archive.extractfile(self._info)
            return b"" if self._file is None else self._file.read(size)
        except tarfile.TarError as error:
            raise ArchiveEnds("damaged_archive", CUT_OFF) from error
