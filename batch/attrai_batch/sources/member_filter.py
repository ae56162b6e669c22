"""Which members of an archive are photos that may be read; hostile ones are refused by name. Knows neither tar nor zip."""

from dataclasses import dataclass
from typing import Literal

from attrai_batch.sources.entries import RefusedEntry
from attrai_batch.sources.limits import SourceLimits
from attrai_batch.sources.name_set import NameSet
from attrai_batch.sources.names import escaped_name, is_hidden, is_photo, normalized, unsafe_reason

Kind = Literal["file", "folder", "link", "special", "encrypted"]
REFUSED_KINDS = {
    "link": ("unsafe_link", "a link in an archive is not followed"),
    "special": ("special_file", "neither a file nor a folder"),
    "encrypted": ("encrypted", "the member is encrypted"),
}


class ArchiveEnds(Exception):
    """Nothing more can be read of the archive: the code and the sentence of its last row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """What an archive says of a member: its name in its shortest form, its kind, its size in bytes when unpacked."""

    name: str
    kind: Kind
    size: int


class MemberFilter:
    """Judges the members of one archive in their order. Raises ArchiveEnds beyond the most members."""

    def __init__(self, limits: SourceLimits) -> None:
        self._limits = limits
        self._names = NameSet()
        self._count = 0

    def check(self, member: ArchiveMember) -> bool | RefusedEntry:
        """True: read it. False: it is no photo and is skipped. Otherwise why it is refused."""
        self._count += 1
        if self._count > self._limits.members:
            raise ArchiveEnds("too_many_members", f"the archive has over {self._limits.members} members")
        if (reason := unsafe_reason(member.name)) is not None:
            return RefusedEntry(escaped_name(member.name), "unsafe_name", reason)
        if member.kind == "folder" or is_hidden(member.name):
            return False
        return self._check_file(member)

    def _check_file(self, member: ArchiveMember) -> bool | RefusedEntry:
        if member.kind in REFUSED_KINDS:
            return RefusedEntry(member.name, *REFUSED_KINDS[member.kind])
        if not is_photo(member.name):
            return False
        if not self._names.add(member.name):
            return RefusedEntry(member.name, "name_taken", "an earlier member of the archive has this name")
        if member.size > self._limits.photo:
            return RefusedEntry(member.name, "too_many_bytes", f"the member has {member.size} bytes")
        return True


def member(name: str, kind: Kind, size: int) -> ArchiveMember:
    """A member by the name that its archive gives it."""
    return ArchiveMember(normalized(name), kind, size)
