"""Cuts a source into chunks. The cut depends on the source alone, so a resumed run makes the same chunks. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attrai_shared.batch_contracts import SourceFiles, SpoolFile

from attrai_batch.sources.entries import Entry, FileEntry, MemberEntry, RefusedEntry

MAX_PHOTOS = 32
"""Photos of a chunk."""
MAX_ENTRIES = 512
"""Entries of a chunk, refused ones included."""
MAX_NAMES_BYTES = 24_000
"""Bytes of JSON for a chunk's names; then a message in base64 is smaller than 64 KiB."""
MAX_SECONDS = 0.8
"""Estimated seconds of one core for a chunk. The bot's photos share the machine, so a chunk is short."""
PHOTO_MIN_SECONDS, SECONDS_PER_BYTE, PHOTO_MAX_SECONDS = 0.02, 1.2e-6, 0.4
"""Estimated seconds of one core for a photo: of the smallest, for each byte, of the largest. The largest is decoded at
a fraction of its size and searched at 1280 px. `make bench-batch` measures these."""
READER_VERSION = 2
"""Raised when the same source gives other entries than before."""
RULES = (
    f"{READER_VERSION}: {MAX_PHOTOS} {MAX_ENTRIES} {MAX_NAMES_BYTES} {MAX_SECONDS} "
    f"{PHOTO_MIN_SECONDS} {SECONDS_PER_BYTE} {PHOTO_MAX_SECONDS}"
)
"""A run can be resumed only under the same rules."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive entries of a source. Only those that are not refused are submitted."""

    number: int
    entries: tuple[Entry, ...]

    @property
    def photos(self) -> tuple[FileEntry | MemberEntry, ...]:
        return tuple(entry for entry in self.entries if not isinstance(entry, RefusedEntry))


def chunks(entries: Iterable[Entry]) -> Iterator[Chunk]:
    """Cut the entries. Each chunk but the last is as large as the limits allow; one chunk is in memory at a time."""
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
        """Whether the chunk stays within the limits with this entry."""
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
    """What one core needs for a photo, to within a factor of about three."""
    size = photo.size if isinstance(photo, FileEntry) else len(photo.data)
    return min(PHOTO_MIN_SECONDS + SECONDS_PER_BYTE * size, PHOTO_MAX_SECONDS)


def name_size(photo: FileEntry | MemberEntry) -> int:
    """Bytes of the name in a message. A member of an archive has no name there."""
    return len(json.dumps(photo.name)) if isinstance(photo, FileEntry) else 0


def photo_locations(chunk: Chunk, prefix: str) -> SourceFiles | SpoolFile:
    """Where an estimator finds the chunk's photos. `prefix` leads from its root to the source's folder: "" or "a/b/"."""
    members = [photo for photo in chunk.photos if isinstance(photo, MemberEntry)]
    if members:
        return SpoolFile(sizes=tuple(len(member.data) for member in members))
    return SourceFiles(names=tuple(prefix + photo.name for photo in chunk.photos))
