"""The table of a run: its columns and rows, its parts, and how the parts become one file.

| column | type | what |
|---|---|---|
| photo | string | name in the source, with slashes |
| face | int16 | 0, 1, … from left to right; null on the one row of a photo without a face |
| width, height | int32 | of the upright photo, in pixels; null where it was not read |
| box | float32[4] | x0, y0, x1, y1 in pixels of the upright photo; it may extend beyond the border |
| landmarks | float32[10] | x and y of left eye, right eye, nose, left and right mouth corner, as the viewer sees them |
| probability | float32 | of the detector, 0 to 1 |
| quality | list of string | why the score is not reliable; empty if it is; null if not computed |
| measures | struct of float32 | side, sharpness, turn, outside, brightness: the figures behind `quality` |
| score | float32 | 1 to 10; null if not computed |
| embedding | float32[128] | identifies a person; null if not computed |
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
from numpy.typing import NDArray

from attrai_batch.errors import InvalidTable
from attrai_batch.named_errors import named_errors

MEASURES = ("side", "sharpness", "turn", "outside", "brightness")
ROW_GROUP_ROWS = 4096
"""Rows of a row group of the merged file, at least: about 2.5 MB, which readers load at a time."""
DICTIONARY_COLUMNS = ["photo", "quality.list.element", "error_code", "error_message"]
"""Columns whose values repeat. A dictionary of numbers that all differ would cost memory and space in the file."""
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
Vectors = NDArray[np.float32]
FaceKey = tuple[str, int]
"""A photo's name and the number of a face on it."""


def use_system_allocator() -> None:
    """Call at the start of a process. Arrow's own allocator keeps what it freed, 20 MB in a run; the C library's does not."""
    pa.set_memory_pool(pa.system_memory_pool())


def record_batch(photos: Iterable[NamedOutcome]) -> pa.RecordBatch:
    """The rows of photos in their order: one for each face, or one with the reason."""
    rows = [row for name, outcome in photos for row in _rows(name, outcome)]
    return pa.RecordBatch.from_pylist(rows, SCHEMA)


def write_part(path: Path, photos: Sequence[NamedOutcome], metadata: Mapping[str, str] | None = None) -> None:
    """Write a part as one row group, with `metadata` in the file. The file appears whole or not at all. Raises OSError."""
    _write(path, [pa.Table.from_batches([record_batch(photos)], SCHEMA)], metadata or {})


def merge(parts: Iterable[Path], to: Path, metadata: Mapping[str, str]) -> None:
    """Write one file of all parts in their order, with `metadata` in the file. The file appears whole or not at all.

    One row group is in memory at a time. Raises OSError.
    """
    _write(to, _row_groups(_read_part(part) for part in parts), metadata)


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata that `write_part` or `merge` wrote. Raises InvalidTable."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise InvalidTable(f"{path} is no Parquet file that can be read: {error}") from error
    return {key.decode(): value.decode() for key, value in metadata.items()}


def read_batches(path: Path, *columns: str) -> Iterator[pa.RecordBatch]:
    """The rows in their order, some thousand at a time; all columns unless some are named. Raises InvalidTable."""
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise InvalidTable(f"{path} is a Parquet file, but none of attrai-batch")
            yield from file.iter_batches(ROW_GROUP_ROWS, columns=list(columns) or None)
    except (pa.ArrowException, OSError) as error:
        raise InvalidTable(f"{path} is no Parquet file that can be read: {error}") from error


def read_rows(path: Path) -> Iterator[Row]:
    """Every row with all its columns. Raises InvalidTable."""
    for batch in read_batches(path):
        yield from batch.to_pylist()


def read_embeddings(path: Path) -> Iterator[tuple[Vectors, list[FaceKey]]]:
    """Every vector, some thousand at a time: float32 of shape (n, 128), and the key of each. Raises InvalidTable."""
    for batch in read_batches(path, "photo", "face", "embedding"):
        rows = batch.filter(batch["embedding"].is_valid())
        if len(rows):
            numbers = rows["embedding"].flatten().to_numpy(zero_copy_only=False)
            keys = list(zip(rows["photo"].to_pylist(), rows["face"].to_pylist(), strict=True))
            yield numbers.reshape(-1, EMBEDDING_SIZE), keys


def _write(path: Path, tables: Iterable[pa.Table], metadata: Mapping[str, str]) -> None:
    with named_errors(path), atomic_write(path, durable=True) as file, _writer(file, metadata) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(len(table), 1))


def _writer(file: BinaryIO, metadata: Mapping[str, str]) -> pq.ParquetWriter:
    schema = SCHEMA.with_metadata(dict(metadata))
    return pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=DICTIONARY_COLUMNS)


def _read_part(part: Path) -> pa.Table:
    with pq.ParquetFile(part) as file:
        return file.read(use_threads=False).replace_schema_metadata(None)


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in groups of at least `ROW_GROUP_ROWS`, but for the last."""
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


def _numbers(embedding: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The 128 numbers of an EncodedEmbedding."""
    return np.frombuffer(base64.b64decode(embedding), "<f4")
