"""Reads the directory of a zip record by record. The standard library keeps half a kilobyte for each member.

Source: PKWARE's APPNOTE 6.3: end record (4.3.16), zip64 end record (4.3.14), central directory (4.3.12), zip64 sizes (4.5.3).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from attrai_batch.sources.member_filter import ArchiveEnds
from attrai_batch.sources.zip_names import extra_field, member_name

END = struct.Struct("<4s4H2LH")
"""Signature, disk, disk of the directory, members here, members, size and offset of the directory, size of the comment."""
END64 = struct.Struct("<4sQ2H2L4Q")
"""Signature, size, versions, disk, disk of the directory, members here, members, size and offset of the directory."""
LOCATOR_SIZE = 20
RECORD = struct.Struct("<4s4B4HL2L5H2L")
"""Signature, versions and systems, flags, method, time, date, CRC, packed and unpacked size, sizes of name, extra field and
comment, disk, inner and outer attributes, offset of the member."""
END64_DISTANCE = END64.size + LOCATOR_SIZE
"""Bytes from the zip64 end record to the end record."""
END_SIGNATURE, RECORD_SIGNATURE = b"PK\5\6", b"PK\1\2"
WINDOW_BYTES = 1 << 20
"""Bytes that are searched for the end record at a time."""
MAX_BYTES_BEHIND = 256 << 20
"""Bytes at the end of the file that are searched. Behind the comment stands what a server or a gateway added."""
MAX_END_RECORDS = 100_000
"""Signatures that are tried, as other bytes may look like one."""
IN_ZIP64_FIELD = 0xFFFFFFFF
"""This value says that the number is in the zip64 field, in 64 bits."""
ZIP64_FIELD = 1


@dataclass(frozen=True, slots=True)
class ZipRecord:
    """What the directory says of a member. `offset` is that of its local header in the file; sizes are in bytes."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int


def records(file: IO[bytes], encoding: str) -> Iterator[ZipRecord]:
    """The members in the directory's order; `encoding` of names that are not UTF-8. Only moves the file's position. Raises ArchiveEnds."""
    start, end, before = _bounds(file)
    while start < end:
        file.seek(start)
        head = file.read(RECORD.size)
        fields = _unpacked(RECORD, head, RECORD_SIGNATURE)
        sizes = fields[12:15]
        rest = file.read(sum(sizes))
        if len(rest) < sum(sizes):
            raise damaged("its directory is cut off")
        yield _record(fields, rest, before, encoding)
        start += RECORD.size + len(rest)


def damaged(what: str) -> ArchiveEnds:
    """The error of a zip that breaks the format."""
    return ArchiveEnds("damaged_archive", f"the archive is damaged: {what}")


def _bounds(file: IO[bytes]) -> tuple[int, int, int]:
    """The begin and end of the directory, and the number of bytes before the archive, as in a self-extracting one.

    The last end record that leads to a directory counts. Other bytes may stand behind it.
    """
    length = file.seek(0, os.SEEK_END)
    problem: ArchiveEnds | None = None
    for at in islice(_signatures(file, length), MAX_END_RECORDS):
        try:
            return _directory(file, at, length)
        except ArchiveEnds as error:
            problem = problem or error
    raise problem or ArchiveEnds(
        "damaged_archive", "the archive ends early: its directory, which stands at the end, is missing"
    )


def _signatures(file: IO[bytes], length: int) -> Iterator[int]:
    """Where an end record may begin, the last place first."""
    end = length
    while end > max(length - MAX_BYTES_BEHIND, 0):
        start = max(end - WINDOW_BYTES, 0)
        file.seek(start)
        window = file.read(end - start + len(END_SIGNATURE) - 1)
        at = window.rfind(END_SIGNATURE)
        while at >= 0:
            yield start + at
            at = window.rfind(END_SIGNATURE, 0, at)
        end = start


def _directory(file: IO[bytes], at: int, length: int) -> tuple[int, int, int]:
    """What `_bounds` returns, by the end record at `at`. Raises ArchiveEnds if it leads to no directory."""
    file.seek(max(at - END64_DISTANCE, 0))
    head = file.read(min(at, END64_DISTANCE))
    fields = _unpacked(END, file.read(END.size), END_SIGNATURE)
    size, offset, comment = fields[5:8]
    end = at
    if len(head) == END64_DISTANCE and head.startswith(b"PK\6\6"):
        size, offset = _unpacked(END64, head[: END64.size], b"PK\6\6")[8:10]
        end = at - END64_DISTANCE
    if (before := end - size - offset) < 0:
        raise damaged("its directory does not fit into it")
    file.seek(end - size)
    if (file.read(len(RECORD_SIGNATURE)) != RECORD_SIGNATURE) if size else before:
        raise damaged("a record of its directory is missing")
    if at + END.size + comment > length:
        raise damaged("its comment is cut off")
    return end - size, end, before


def _record(fields: tuple[int, ...], rest: bytes, before: int, encoding: str) -> ZipRecord:
    flags, method, crc, packed, size, name_size, extra_size = (fields[i] for i in (5, 6, 9, 10, 11, 12, 13))
    extra = rest[name_size : name_size + extra_size]
    size, packed, offset = _wide(extra, (size, packed, fields[18]))
    name = member_name(rest[:name_size], flags, extra, encoding)
    return ZipRecord(name, flags, method, crc, packed, size, fields[17] >> 16, before + offset)


def _wide(extra: bytes, numbers: tuple[int, int, int]) -> tuple[int, int, int]:
    """Unpacked size, packed size and offset, some of them from the zip64 part of the extra field."""
    field = extra_field(extra, ZIP64_FIELD)
    wide = struct.iter_unpack("<Q", field[: len(field) - len(field) % 8])
    try:
        first, second, third = (next(wide)[0] if number == IN_ZIP64_FIELD else number for number in numbers)
    except RuntimeError as error:  # a generator turns StopIteration into this
        raise damaged("a size is missing") from error
    return first, second, third


def _unpacked(layout: struct.Struct, data: bytes, signature: bytes) -> tuple[int, ...]:
    if len(data) < layout.size or not data.startswith(signature):
        raise damaged("a record of its directory is missing")
    return layout.unpack(data)
