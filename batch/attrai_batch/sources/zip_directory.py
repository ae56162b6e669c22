"""Reads the directory of a zip record by record. The standard library keeps half a kilobyte for each member.

Source: PKWARE's APPNOTE 6.3: end record (4.3.16), zip64 end record (4.3.14), central directory (4.3.12), zip64 sizes (4.5.3).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
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
MAX_END_BYTES = END.size + 0xFFFF + LOCATOR_SIZE + END64.size
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
        fields = _unpacked(RECORD, head, b"PK\1\2")
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
    """The begin and end of the directory, and the number of bytes before the archive, as in a self-extracting one."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(length - MAX_END_BYTES, 0))
    tail = file.read(MAX_END_BYTES)
    at = tail.rfind(b"PK\5\6")
    if at < 0:
        raise ArchiveEnds(
            "damaged_archive", "the archive ends early: its directory, which stands at the end, is missing"
        )
    fields = _unpacked(END, tail[at : at + END.size], b"PK\5\6")
    size, offset = fields[5], fields[6]
    end = length - len(tail) + at
    at64 = at - LOCATOR_SIZE - END64.size
    if at64 >= 0 and tail[at64 : at64 + 4] == b"PK\6\6":
        size, offset = _unpacked(END64, tail[at64 : at64 + END64.size], b"PK\6\6")[8:10]
        end = length - len(tail) + at64
    if (before := end - size - offset) < 0:
        raise damaged("its directory does not fit into it")
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
