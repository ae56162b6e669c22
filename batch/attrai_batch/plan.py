"""How a source's entries are cut into chunks: by the source alone, so that a resumed run cuts it as the first one did. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attrai_shared.batch_contracts import SourceFiles, SpoolFile

from attrai_batch.sources import Entry, FileEntry, MemberEntry, RefusedEntry

MOST_PHOTOS = 32
MOST_ENTRIES = 512
"""Of a chunk, refused ones included."""
NAMES_SIZE = 24_000
"""Bytes of JSON that a chunk's names may take, so that a message in base64 stays under 64 KiB."""
BUDGET = 0.8
"""Estimated seconds of one core for a chunk: people's photos share the machine with it."""
BASE, EACH_BYTE, MOST = 0.02, 1.2e-6, 0.4
"""Estimated seconds of a photo: of the smallest, for each byte, of the largest (it is decoded at a fraction, and searched
at 1280 px). Measured by `make bench-batch`."""
RULES = f"{MOST_PHOTOS} {MOST_ENTRIES} {NAMES_SIZE} {BUDGET} {BASE} {EACH_BYTE} {MOST}"
"""What a resumed run must find as it was."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of entries in the source's order; only those that are not refused are submitted."""

    number: int
    entries: tuple[Entry, ...]

    @property
    def photos(self) -> tuple[FileEntry | MemberEntry, ...]:
        return tuple(entry for entry in self.entries if not isinstance(entry, RefusedEntry))


def chunks(entries: Iterable[Entry]) -> Iterator[Chunk]:
    """Cut the entries; every chunk but the last is as large as its limits allow. One chunk is in memory at a time."""
    number = 0
    load = Load()
    for entry in entries:
        if load.entries and not load.has_room(entry):
            yield Chunk(number, tuple(load.entries))
            number, load = number + 1, Load()
        load.add(entry)
    if load.entries:
        yield Chunk(number, tuple(load.entries))


class Load:
    """A chunk that is being filled."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._photos, self._seconds, self._names = 0, 0.0, 0

    def has_room(self, entry: Entry) -> bool:
        """Whether the chunk stays within its limits with this one."""
        if len(self.entries) >= MOST_ENTRIES:
            return False
        if isinstance(entry, RefusedEntry):
            return True
        return (
            self._photos < MOST_PHOTOS
            and self._seconds + estimated_seconds(entry) <= BUDGET
            and self._names + name_size(entry) <= NAMES_SIZE
        )

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if not isinstance(entry, RefusedEntry):
            self._photos += 1
            self._seconds += estimated_seconds(entry)
            self._names += name_size(entry)


def estimated_seconds(photo: FileEntry | MemberEntry) -> float:
    """What one core will need for a photo, to within a factor of three or so."""
    size = photo.size if isinstance(photo, FileEntry) else len(photo.data)
    return min(BASE + EACH_BYTE * size, MOST)


def name_size(photo: FileEntry | MemberEntry) -> int:
    """Bytes of the name in a message; a member's is not in it."""
    return len(json.dumps(photo.name)) if isinstance(photo, FileEntry) else 0


def where(chunk: Chunk, prefix: str) -> SourceFiles | SpoolFile:
    """Where an estimator finds the chunk's photos; `prefix` leads from the root to the source's folder: "" or "a/b/"."""
    members = [photo for photo in chunk.photos if isinstance(photo, MemberEntry)]
    if members:
        return SpoolFile(sizes=tuple(len(member.data) for member in members))
    return SourceFiles(names=tuple(prefix + photo.name for photo in chunk.photos))
