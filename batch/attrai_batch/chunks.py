"""How a source's entries are cut into chunks: by the source alone, so that a resumed run cuts it as the first one did. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attrai_shared.batch_contracts import SourceFiles, SpoolFile

from attrai_batch.sources.entries import Entry, FileEntry, MemberEntry, RefusedEntry

MAX_PHOTOS = 32
MAX_ENTRIES = 512
"""Of a chunk, refused ones included."""
MAX_NAMES_BYTES = 24_000
"""Bytes of JSON that a chunk's names may take, so that a message in base64 stays under 64 KiB."""
MAX_SECONDS = 0.8
"""Estimated seconds of one core for a chunk: people's photos share the machine with it."""
PHOTO_MIN_SECONDS, SECONDS_PER_BYTE, PHOTO_MAX_SECONDS = 0.02, 1.2e-6, 0.4
"""Estimated seconds of a photo: of the smallest, for each byte, of the largest (it is decoded at a fraction, and searched
at 1280 px). Measured by `make bench-batch`."""
RULES = f"{MAX_PHOTOS} {MAX_ENTRIES} {MAX_NAMES_BYTES} {MAX_SECONDS} {PHOTO_MIN_SECONDS} {SECONDS_PER_BYTE} {PHOTO_MAX_SECONDS}"
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
    builder = ChunkBuilder()
    for entry in entries:
        if builder.entries and not builder.has_room(entry):
            yield Chunk(number, tuple(builder.entries))
            number, builder = number + 1, ChunkBuilder()
        builder.add(entry)
    if builder.entries:
        yield Chunk(number, tuple(builder.entries))


class ChunkBuilder:
    """A chunk that is being filled."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._photos, self._seconds, self._names = 0, 0.0, 0

    def has_room(self, entry: Entry) -> bool:
        """Whether the chunk stays within its limits with this one."""
        if len(self.entries) >= MAX_ENTRIES:
            return False
        if isinstance(entry, RefusedEntry):
            return True
        return (
            self._photos < MAX_PHOTOS
            and self._seconds + estimated_seconds(entry) <= MAX_SECONDS
            and self._names + name_size(entry) <= MAX_NAMES_BYTES
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
    return min(PHOTO_MIN_SECONDS + SECONDS_PER_BYTE * size, PHOTO_MAX_SECONDS)


def name_size(photo: FileEntry | MemberEntry) -> int:
    """Bytes of the name in a message; a member's is not in it."""
    return len(json.dumps(photo.name)) if isinstance(photo, FileEntry) else 0


def photo_locations(chunk: Chunk, prefix: str) -> SourceFiles | SpoolFile:
    """Where an estimator finds the chunk's photos; `prefix` leads from the root to the source's folder: "" or "a/b/"."""
    members = [photo for photo in chunk.photos if isinstance(photo, MemberEntry)]
    if members:
        return SpoolFile(sizes=tuple(len(member.data) for member in members))
    return SourceFiles(names=tuple(prefix + photo.name for photo in chunk.photos))
