"""Which members of an archive are read, which are skipped, and which are refused by name. Knows neither tar nor zip."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from attrai_batch.sources.entries import PassedOver, RefusedEntry
from attrai_batch.sources.file_kinds import archive_kind, photo_suffix
from attrai_batch.sources.rules import (
    SourceLimits,
    escaped_name,
    is_archive,
    is_hidden,
    is_photo,
    suffix_says_nothing,
    unsafe_reason,
)

MAX_FILL = 0.7
"""Share of a name set's table beyond which the table is doubled."""

Kind = Literal["file", "folder", "link", "special", "encrypted"]
REFUSED_KINDS = {
    "link": ("unsafe_link", "a link in an archive is not followed"),
    "special": ("special_file", "neither a file nor a folder"),
    "encrypted": ("encrypted", "the member is encrypted"),
}


class ArchiveEnds(Exception):
    """Nothing more can be read of the archive. Holds the code and the sentence of its last row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """What an archive says of a member: its name in its shortest form, its kind, and its unpacked size in bytes."""

    name: str
    kind: Kind
    size: int


class MemberFilter:
    """Checks the members of one archive in their order, and counts those that it passes over."""

    def __init__(self, limits: SourceLimits, passed_over: PassedOver) -> None:
        self._limits = limits
        self._passed_over = passed_over
        self._names = NameSet()
        self._count = 0

    def check(self, member: ArchiveMember, read_start: Callable[[], bytes]) -> bool | RefusedEntry:
        """True: read it. False: skip it. Otherwise why it is refused. Raises ArchiveEnds after too many members.

        `read_start` reads the member's first bytes. It is called at most once, if the name does not tell what it is.
        """
        self._count += 1
        if self._count > self._limits.members:
            raise ArchiveEnds("too_many_members", f"the archive has over {self._limits.members} members")
        if (reason := unsafe_reason(member.name)) is not None:
            return RefusedEntry(escaped_name(member.name), "unsafe_name", reason)
        if member.kind == "folder" or is_hidden(member.name):
            return False
        return self._check_file(member, read_start)

    def _check_file(self, member: ArchiveMember, read_start: Callable[[], bytes]) -> bool | RefusedEntry:
        if member.kind in REFUSED_KINDS:
            return RefusedEntry(member.name, *REFUSED_KINDS[member.kind])
        if not is_photo_file(member.name, read_start, self._passed_over):
            return False
        if not self._names.add(member.name):
            return RefusedEntry(member.name, "name_taken", "an earlier member of the archive has this name")
        if member.size > self._limits.photo:
            return RefusedEntry(member.name, "too_many_bytes", f"the member has {member.size} bytes")
        return True


def is_photo_file(name: str, read_start: Callable[[], bytes], passed_over: PassedOver) -> bool:
    """By the suffix, or by the first bytes if the suffix says nothing. A file that is no photo is counted."""
    if is_photo(name):
        return True
    start = read_start() if suffix_says_nothing(name) else b""
    if photo_suffix(start) is not None:
        return True
    passed_over.add(is_archive=is_archive(name) or archive_kind(start) is not None)
    return False


class NameSet:
    """A set of names in at most 24 bytes for each; a set of strings takes several times as many.

    It keeps 64 bits of a hash of each: two of a million names count as one with a probability of 3e-8.
    """

    def __init__(self) -> None:
        self._table = np.zeros(1 << 10, np.uint64)
        self._count = 0

    def add(self, name: str) -> bool:
        """Add a name; False if it is in the set already."""
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
        """The place of the digest, or the free place where it belongs."""
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
