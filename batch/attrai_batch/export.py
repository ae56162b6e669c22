"""`attrai-batch export`: a table as numpy's file, as CSV, or as WebDataset shards; some thousand rows in memory at a time."""

import csv
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, groupby, islice
from pathlib import Path
from posixpath import splitext
from typing import IO

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from attrai_shared.files import atomic_write

from attrai_batch.average import faces
from attrai_batch.photos import Sample, with_photos, without_photos
from attrai_batch.sources.entries import PhotoSource
from attrai_batch.table import MEASURES, Row, read_batches

Numbered = tuple[int, Sample]
SHARD = 10_000
"""Photos of a WebDataset shard."""
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
BEFORE = ("photo", "face", "width", "height")
BOX = ("x0", "y0", "x1", "y1")
LANDMARKS = tuple(f"{point}_{axis}" for point in POINTS for axis in "xy")
NUMBERS = tuple(f"e{i}" for i in range(EMBEDDING_SIZE))
COLUMNS = (
    *BEFORE,
    *BOX,
    *LANDMARKS,
    "probability",
    "quality",
    *MEASURES,
    "score",
    "error_code",
    "error_message",
    *NUMBERS,
)
PLAIN = (*BEFORE, "probability", "score", "error_code", "error_message")


def export_npy(table: Path, out: Path) -> list[Path]:
    """`out`: float32 of shape (n, 128), a row for each vector; beside it, `out`.csv: the photo and face of each row.

    Raises NoTable, OSError.
    """
    names_file = out.with_name(out.name + ".csv")
    with (
        atomic_write(out, durable=True) as numbers,
        atomic_write(names_file, durable=True) as names,
        _text(names) as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("photo", "face"))
        count = 0
        numbers.write(_npy_header(count))
        for vectors, places in faces(table):
            numbers.write(vectors.astype("<f4").tobytes())
            writer.writerows(places)
            count += len(places)
        numbers.seek(0)
        numbers.write(_npy_header(count))
    return [out, names_file]


def export_csv(table: Path, out: Path) -> list[Path]:
    """Every row of the table, a column for each number; `quality` has its reasons with spaces between.

    Raises NoTable, OSError.
    """
    with atomic_write(out, durable=True) as file, _text(file) as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_flat(row) for row in _rows(table))
    return [out]


def export_webdataset(table: Path, out: Path, source: PhotoSource | None = None) -> list[Path]:
    """A folder of shards `faces-000000.tar`, …: for each photo KEY.json with all but the vectors, and KEY.npy with them.

    KEY is the photo's number in the table; KEY.npy is float32 of shape (faces, 128). With the table's `source`, the photo's
    file too, KEY with its own suffix. A table without a photo is one shard without a sample. Raises NoTable, SourceError, OSError.
    """
    out.mkdir(parents=True, exist_ok=True)
    photos = (list(rows) for _, rows in groupby(_rows(table), key=lambda row: row["photo"]))
    samples = enumerate(without_photos(photos) if source is None else with_photos(photos, source))
    shards: list[Path] = []
    for some in _in_shards(samples):
        shards.append(out / f"faces-{len(shards):06d}.tar")
        with atomic_write(shards[-1], durable=True) as file, tarfile.open(fileobj=file, mode="w") as archive:
            for number, (rows, photo) in some:
                _add(archive, f"{number:09d}", rows, photo)
    return shards


def _in_shards(samples: Iterator[Numbered]) -> Iterator[Iterator[Numbered]]:
    """At least one, empty where there is nothing; each is to be read before the next."""
    yield islice(samples, SHARD)
    for first in samples:
        yield chain([first], islice(samples, SHARD - 1))


def _rows(table: Path) -> Iterator[Row]:
    for batch in read_batches(table):
        yield from batch.to_pylist()


def _flat(row: Row) -> Row:
    measures = row["measures"] if isinstance(row["measures"], dict) else {}
    quality = row["quality"]
    return {
        **{name: row[name] for name in PLAIN},
        **_spread(BOX, row["box"]),
        **_spread(LANDMARKS, row["landmarks"]),
        **{name: measures.get(name) for name in MEASURES},
        "quality": " ".join(quality) if isinstance(quality, list) else None,
        **_spread(NUMBERS, row["embedding"]),
    }


def _spread(names: tuple[str, ...], numbers: object) -> Row:
    return dict(zip(names, numbers, strict=True)) if isinstance(numbers, list) else {}


def _add(archive: tarfile.TarFile, key: str, rows: list[Row], photo: bytes | None) -> None:
    first, found = rows[0], [row for row in rows if row["face"] is not None]
    said = {name: first[name] for name in ("photo", "width", "height", "error_code", "error_message")}
    hidden = {*said, "embedding", "face"}
    people = [{name: value for name, value in row.items() if name not in hidden} for row in found]
    if photo is not None:
        _add_file(archive, key + splitext(str(first["photo"]))[1].lower(), photo)
    _add_file(archive, f"{key}.json", json.dumps({**said, "faces": people}).encode())
    vectors = [row["embedding"] for row in found if row["embedding"] is not None]
    buffer = io.BytesIO()
    np.save(buffer, np.array(vectors, np.float32).reshape(-1, EMBEDDING_SIZE))
    _add_file(archive, f"{key}.npy", buffer.getvalue())


def _add_file(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _npy_header(rows: int) -> bytes:
    """Of the same length for any number of rows: numpy pads it."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f4", "fortran_order": False, "shape": (rows, EMBEDDING_SIZE)}
    )
    return buffer.getvalue()


@contextmanager
def _text(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    """Text into a file that stays open."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    yield text
    text.detach()
