"""What a data set is to the producer: entries in an order that never changes, and a fingerprint that does when the set does.

`attrai_batch.sources.open_source` makes one of a folder, a tar, a zip or a URL of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file below the source's folder: the estimator reads it there. `name` is relative, with slashes; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A member of an archive, read out of it: its name there and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """What is named in the source and never submitted; `code` as in `attrai_shared.errors`, `message` a sentence."""

    name: str
    code: str
    message: str


Entry = FileEntry | MemberEntry | RefusedEntry
"""Every name is text that UTF-8 can hold; one that is not stands here with its bytes escaped, as a RefusedEntry."""


class PhotoSource(Protocol):
    """A data set that can be read again from its beginning, with the same entries in the same order."""

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits: another one when names, sizes or times of the set have changed."""
        ...

    @property
    def folder(self) -> Path | None:
        """Below which FileEntry names lie, resolved; None for an archive, which has MemberEntry alone."""
        ...

    @property
    def count(self) -> int | None:
        """How many entries there are, where that is known before all are read: for the progress bar alone."""
        ...

    def expected(self) -> int | None:
        """About how many there are where `count` does not say, as far as that can be judged by what was read; for the bar, too."""
        ...

    def entries(self) -> Iterator[Entry]:
        """All entries from the beginning. Memory is bounded whatever the size of the set. Raises SourceError."""
        ...
