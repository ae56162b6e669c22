"""Reads a zip in the order of its directory, with one member in memory at a time."""

import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from attrai_batch.sources.entries import Entry, MemberEntry, RefusedEntry
from attrai_batch.sources.file_kinds import START_BYTES, photo_suffix
from attrai_batch.sources.member_filter import ArchiveEnds, ArchiveMember, Kind, MemberFilter
from attrai_batch.sources.rules import MIB, SourceLimits, is_hidden, is_photo, normalized, suffix_says_nothing
from attrai_batch.sources.zip_directory import ZipRecord, records

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""APPNOTE 4.3.7: signature, version, flags, method, time, date, CRC, packed and unpacked size, sizes of name and extra."""
STORED, DEFLATED = 0, 8
ENCRYPTED_FLAGS = 0x2041
"""Flags: encrypted, strongly encrypted, with a masked directory."""


class _Refused(Exception):
    """One member cannot be read. Its arguments are the code and the sentence."""


def zip_entries(path: Path, limits: SourceLimits, encoding: str, member_filter: MemberFilter) -> Iterator[Entry]:
    """The photos and refusals of a zip. Raises ArchiveEnds if the rest cannot be read, OSError."""
    unpacked = 0
    with path.open("rb") as directory, path.open("rb") as file:
        length = path.stat().st_size
        for record in records(directory, encoding):
            for entry in _entry(file, record, member_filter, limits):
                unpacked += len(entry.data) if isinstance(entry, MemberEntry) else 0
                yield entry
            if limits.is_bomb(unpacked, length):
                raise ArchiveEnds("compression_bomb", f"the archive unpacks to over {limits.ratio} times its size")


def zip_count(path: Path, encoding: str) -> int:
    """How many photos the directory names. Quick for archives of any size. Raises ArchiveEnds, OSError."""
    with path.open("rb") as file:
        return sum(_is_counted(file, record) for record in records(file, encoding))


def _is_counted(file: IO[bytes], record: ZipRecord) -> bool:
    name = normalized(record.name)
    if is_hidden(name):
        return False
    is_unknown = suffix_says_nothing(name) and _kind(record) == "file"
    return is_photo(name) or (is_unknown and photo_suffix(_start(file, record)) is not None)


def _entry(file: IO[bytes], record: ZipRecord, member_filter: MemberFilter, limits: SourceLimits) -> Iterator[Entry]:
    found = ArchiveMember(normalized(record.name), _kind(record), record.size)
    verdict = member_filter.check(found, lambda: _start(file, record))
    if isinstance(verdict, RefusedEntry):
        yield verdict
    elif verdict:
        try:
            yield MemberEntry(found.name, _data(file, record, limits))
        except _Refused as refusal:
            yield RefusedEntry(found.name, *refusal.args)


def _kind(record: ZipRecord) -> Kind:
    if record.name.endswith("/") or stat.S_ISDIR(record.mode):
        return "folder"
    if stat.S_ISLNK(record.mode):
        return "link"
    if stat.S_IFMT(record.mode) not in (0, stat.S_IFREG):
        return "special"
    return "encrypted" if record.flags & ENCRYPTED_FLAGS else "file"


def _data(file: IO[bytes], record: ZipRecord, limits: SourceLimits) -> bytes:
    """A member's bytes. Never unpacks more of them than the directory says."""
    if record.method not in (STORED, DEFLATED):
        raise _Refused("unreadable", f"packed by method {record.method}: only stored and deflated members are read")
    if record.size > limits.ratio * record.packed + MIB:
        raise _Refused("compression_bomb", f"the member unpacks to over {limits.ratio} times its size")
    if record.packed > limits.photo + MIB:
        raise _Refused("too_many_bytes", f"the member takes {record.packed} bytes of the archive")
    packed = _packed(file, record, record.packed)
    data = packed if record.method == STORED else _inflated(packed, record.size)
    if len(data) != record.size or zlib.crc32(data) != record.crc:
        raise _Refused("unreadable", "the member is damaged: its bytes are not those that were packed")
    return data


def _start(file: IO[bytes], record: ZipRecord) -> bytes:
    """A member's first bytes; none if it cannot be read."""
    try:
        packed = _packed(file, record, min(record.packed, START_BYTES))
        return _inflated(packed, START_BYTES) if record.method == DEFLATED else packed
    except _Refused:
        return b""


def _packed(file: IO[bytes], record: ZipRecord, size: int) -> bytes:
    """The first `size` bytes of the member as they are in the archive."""
    file.seek(record.offset)
    head = file.read(LOCAL_HEADER.size)
    if len(head) < LOCAL_HEADER.size or not head.startswith(b"PK\3\4"):
        raise _Refused("unreadable", "the member is damaged: it has no header")
    *_, name, extra = LOCAL_HEADER.unpack(head)
    file.seek(record.offset + LOCAL_HEADER.size + name + extra)
    return file.read(size)


def _inflated(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error as error:
        raise _Refused("unreadable", f"the member is damaged: {error}") from error
