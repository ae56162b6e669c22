"""What all kinds of sources give: entries in a fixed order, and a fingerprint that changes when the data set does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file below the source's folder, where the estimator reads it. `name` is relative, with slashes; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A member of an archive: its name there and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """A name that is refused and never submitted. `code` is one of `attrai_shared.errors`, `message` a sentence."""

    name: str
    code: str
    message: str


Entry = FileEntry | MemberEntry | RefusedEntry
"""Every name is text that UTF-8 can hold. Another name is refused, with its bytes escaped."""


@dataclass(slots=True)
class PassedOver:
    """How many files of a source have no row: archives in it, and other files that are no photos. Without hidden ones."""

    archives: int = 0
    others: int = 0

    def add(self, *, is_archive: bool) -> None:
        """Count a file."""
        if is_archive:
            self.archives += 1
        else:
            self.others += 1


class PhotoSource(Protocol):
    """A data set. It can be read several times, with the same entries in the same order."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits, which differ if names, sizes or times of the set differ."""
        ...

    @property
    def folder(self) -> Path | None:
        """The resolved folder of the FileEntry names; None for an archive, which has MemberEntry only."""
        ...

    @property
    def count(self) -> int | None:
        """The number of entries for the progress bar; None if it is unknown before all are read."""
        ...

    @property
    def passed_over(self) -> PassedOver:
        """The files without an entry in the part that `entries` has read."""
        ...

    def expected(self) -> int | None:
        """An estimate of the number of entries for the progress bar, from the part that has been read."""
        ...

    def entries(self) -> Iterator[Entry]:
        """All entries from the beginning, in bounded memory. Raises SourceError."""
        ...
