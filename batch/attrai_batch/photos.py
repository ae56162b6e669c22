"""The photos of a table beside its rows, read from the source again: both have the same order."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from attrai_batch.errors import InvalidTable
from attrai_batch.sources.entries import Entry, FileEntry, PhotoSource, RefusedEntry
from attrai_batch.table import Row

Sample = tuple[list[Row], bytes | None]
"""A photo's rows and the bytes of its file; None of one that the source refuses, or where no photos are asked for."""


def without_photos(photos: Iterable[list[Row]]) -> Iterator[Sample]:
    """The rows alone."""
    return ((rows, None) for rows in photos)


def with_photos(photos: Iterable[list[Row]], source: PhotoSource) -> Iterator[Sample]:
    """One photo in memory at a time. Raises NoTable where the table is not of this source, SourceError, OSError."""
    entries = (entry for entry in source.entries() if not isinstance(entry, RefusedEntry))
    entry = next(entries, None)
    for rows in photos:
        if entry is not None and entry.name == rows[0]["photo"]:
            yield rows, _content(entry, source.folder)
            entry = next(entries, None)
        elif rows[0]["face"] is None:
            yield rows, None
        else:
            raise InvalidTable(
                f"the source does not have {rows[0]['photo']} where the table has it: was it run on another one?"
            )
    if entry is not None:
        raise InvalidTable(f"the table does not have {entry.name} where the source has it: was it run on another one?")


def _content(entry: Entry, folder: Path | None) -> bytes | None:
    if isinstance(entry, FileEntry):
        return None if folder is None else (folder / entry.name).read_bytes()
    return None if isinstance(entry, RefusedEntry) else entry.data
