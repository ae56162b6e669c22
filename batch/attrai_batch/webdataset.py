"""`attrai-batch export` as WebDataset shards, with or without the photos, which are read from the source again."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from pathlib import Path
from posixpath import splitext

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from attrai_shared.files import atomic_write

from attrai_batch.errors import InvalidTable
from attrai_batch.sources.entries import Entry, FileEntry, PhotoSource, RefusedEntry
from attrai_batch.sources.file_kinds import photo_suffix
from attrai_batch.sources.rules import is_photo
from attrai_batch.table import Row, read_rows

PHOTOS_PER_SHARD = 10_000
PHOTO_FIELDS = ("photo", "width", "height", "error_code", "error_message")
"""Columns that are the same in all rows of a photo."""

Sample = tuple[list[Row], bytes | None]
"""A photo's rows, and the bytes of its file; None for a refused photo, or if no photos are exported."""


def export_webdataset(table: Path, out: Path, source: PhotoSource | None = None) -> list[Path]:
    """A folder of shards `faces-000000.tar`, …: for each photo KEY.json with all but the vectors, and KEY.npy with them.

    KEY is the photo's number in the table; KEY.npy is float32 of shape (faces, 128). With the table's `source` a shard
    also holds the photo's file, KEY with its own suffix. A table without a photo is one empty shard.
    Raises InvalidTable, SourceError, OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    photos = (list(rows) for _, rows in groupby(read_rows(table), key=lambda row: row["photo"]))
    samples = enumerate(_without_photos(photos) if source is None else _with_photos(photos, source))
    shards: list[Path] = []
    for shard in _in_shards(samples):
        shards.append(out / f"faces-{len(shards):06d}.tar")
        with atomic_write(shards[-1], durable=True) as file, tarfile.open(fileobj=file, mode="w") as archive:
            for number, (rows, photo) in shard:
                _add_sample(archive, f"{number:09d}", rows, photo)
    return shards


def _without_photos(photos: Iterable[list[Row]]) -> Iterator[Sample]:
    return ((rows, None) for rows in photos)


def _with_photos(photos: Iterable[list[Row]], source: PhotoSource) -> Iterator[Sample]:
    """Table and source have the same order, so one photo is in memory at a time.

    Raises InvalidTable if the table was run on another source, SourceError, OSError.
    """
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


def _in_shards(samples: Iterator[tuple[int, Sample]]) -> Iterator[Iterator[tuple[int, Sample]]]:
    """At least one shard, which may be empty. Each is to be read before the next one is taken."""
    yield islice(samples, PHOTOS_PER_SHARD)
    for first in samples:
        yield chain([first], islice(samples, PHOTOS_PER_SHARD - 1))


def _add_sample(archive: tarfile.TarFile, key: str, rows: list[Row], photo: bytes | None) -> None:
    faces = [row for row in rows if row["face"] is not None]
    fields = {name: rows[0][name] for name in PHOTO_FIELDS}
    left_out = {*fields, "embedding", "face"}
    fields["faces"] = [{name: value for name, value in row.items() if name not in left_out} for row in faces]
    if photo is not None:
        _add_file(archive, key + _suffix(str(fields["photo"]), photo), photo)
    _add_file(archive, f"{key}.json", json.dumps(fields).encode())
    vectors = [row["embedding"] for row in faces if row["embedding"] is not None]
    buffer = io.BytesIO()
    np.save(buffer, np.array(vectors, np.float32).reshape(-1, EMBEDDING_SIZE))
    _add_file(archive, f"{key}.npy", buffer.getvalue())


def _suffix(name: str, photo: bytes) -> str:
    """The photo's own suffix, or one for its first bytes if its name does not end in one."""
    return splitext(name)[1].lower() if is_photo(name) else photo_suffix(photo) or ""


def _add_file(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))
