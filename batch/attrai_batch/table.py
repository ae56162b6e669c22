"""The table of a run: its columns, its rows, its parts, and how the parts become one file.

| column | type | what |
|---|---|---|
| photo | string | name in the source, with slashes |
| face | int16 | 0, 1, … from left to right; null on the one row of a photo without a face |
| width, height | int32 | of the upright photo, in pixels; null where it was not read |
| box | float32[4] | x0, y0, x1, y1 in pixels of the upright photo; may reach over its border |
| landmarks | float32[10] | x and y of left eye, right eye, nose, left and right mouth corner, as the viewer sees them |
| probability | float32 | of the detector, 0 to 1 |
| quality | list of string | why the score is not to be trusted; empty when it is; null when not asked for |
| measures | struct of float32 | side, sharpness, turn, outside, brightness: the figures behind `quality` |
| score | float32 | 1 to 10; null when not asked for |
| embedding | float32[128] | tells persons apart; null when not asked for |
| error_code, error_message | string | why a photo has no face row; null on a face row |
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrai_shared.batch_contracts import EMBEDDING_SIZE, FaceResult, PhotoFailure, PhotoResult
from attrai_shared.files import atomic_write

from attrai_batch.errors import InvalidTable

MEASURES = ("side", "sharpness", "turn", "outside", "brightness")
ROW_GROUP_ROWS = 4096
"""Rows of a row group of the merged file, at least: some 2.5 MB, which readers take at a time."""
WORDS = ["photo", "quality.list.element", "error_code", "error_message"]
"""Columns in which values come again: a dictionary of numbers that are all different takes memory, and room in the file."""
SCHEMA = pa.schema(
    [
        pa.field("photo", pa.string(), nullable=False),
        pa.field("face", pa.int16()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("box", pa.list_(pa.float32(), 4)),
        pa.field("landmarks", pa.list_(pa.float32(), 10)),
        pa.field("probability", pa.float32()),
        pa.field("quality", pa.list_(pa.string())),
        pa.field("measures", pa.struct([(name, pa.float32()) for name in MEASURES])),
        pa.field("score", pa.float32()),
        pa.field("embedding", pa.list_(pa.float32(), EMBEDDING_SIZE)),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
    ]
)
NamedOutcome = tuple[str, PhotoResult | PhotoFailure]
"""A photo's name and what became of it."""
Row = dict[str, object]


def use_system_allocator() -> None:
    """For the start of a process: Arrow's own allocator holds what it once took, 20 MB in a run; the C library's gives it back."""
    pa.set_memory_pool(pa.system_memory_pool())


def record_batch(photos: Iterable[NamedOutcome]) -> pa.RecordBatch:
    """The rows of photos in their order: one for each face, or one with the reason."""
    rows = [row for name, outcome in photos for row in _rows(name, outcome)]
    return pa.RecordBatch.from_pylist(rows, SCHEMA)


def write_part(path: Path, photos: Sequence[NamedOutcome], read_metadata: Mapping[str, str] | None = None) -> None:
    """Write a part, one row group; the file is there whole or not at all. `about` is kept in its metadata. Raises OSError."""
    _write(path, [pa.Table.from_batches([record_batch(photos)], SCHEMA)], read_metadata or {})


def merge(parts: Iterable[Path], to: Path, read_metadata: Mapping[str, str]) -> None:
    """One file of all parts in their order, a row group in memory at a time; it is there whole or not at all.

    `about` is kept in the file's metadata. Raises OSError.
    """
    _write(to, _groups(_read(part) for part in parts), read_metadata)


def read_batches(path: Path, *columns: str) -> Iterator[pa.RecordBatch]:
    """The table's rows in their order, some thousand at a time; all columns if none is named. Raises NoTable."""
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise InvalidTable(f"{path} is a Parquet file, but none of attrai-batch")
            yield from file.iter_batches(ROW_GROUP_ROWS, columns=list(columns) or None)
    except (pa.ArrowException, OSError) as error:
        raise InvalidTable(f"{path} is no Parquet file that can be read: {error}") from error


def read_metadata(path: Path) -> dict[str, str]:
    """What `merge` kept in the file's metadata. Raises NoTable."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise InvalidTable(f"{path} is no Parquet file that can be read: {error}") from error
    return {key.decode(): value.decode() for key, value in metadata.items()}


def _write(path: Path, tables: Iterable[pa.Table], metadata: Mapping[str, str]) -> None:
    with atomic_write(path, durable=True) as file, _writer(file, metadata) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(len(table), 1))


def _writer(file: BinaryIO, metadata: Mapping[str, str]) -> pq.ParquetWriter:
    return pq.ParquetWriter(file, SCHEMA.with_metadata(dict(metadata)), compression="zstd", use_dictionary=WORDS)


def _read(part: Path) -> pa.Table:
    with pq.ParquetFile(part) as file:
        return file.read(use_threads=False).replace_schema_metadata(None)


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in groups that are worth reading."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= ROW_GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting)


def _rows(name: str, outcome: PhotoResult | PhotoFailure) -> Iterator[Row]:
    if isinstance(outcome, PhotoFailure):
        yield {"photo": name, "error_code": outcome.code, "error_message": outcome.message}
    else:
        size = {"width": outcome.width, "height": outcome.height}
        yield from ({"photo": name, "face": i, **size, **_face(face)} for i, face in enumerate(outcome.faces))


def _face(face: FaceResult) -> Row:
    return {
        "box": face.box,
        "landmarks": [number for point in face.landmarks for number in point],
        "probability": face.probability,
        "quality": None if face.reasons is None else list(face.reasons),
        "measures": None if face.measures is None else {name: face.measures.get(name) for name in MEASURES},
        "score": face.score,
        "embedding": None if face.embedding is None else _numbers(face.embedding),
    }


def _numbers(vector: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A EncodedEmbedding's 128 numbers."""
    return np.frombuffer(base64.b64decode(vector), "<f4")
