"""`attrai-batch export` as numpy's file or as CSV, with some thousand rows in memory at a time."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from attrai_shared.files import atomic_write

from attrai_batch.table import MEASURES, Row, read_embeddings, read_rows

LANDMARK_POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
PHOTO_COLUMNS = ("photo", "face", "width", "height")
BOX_COLUMNS = ("x0", "y0", "x1", "y1")
LANDMARK_COLUMNS = tuple(f"{point}_{axis}" for point in LANDMARK_POINTS for axis in "xy")
EMBEDDING_COLUMNS = tuple(f"e{i}" for i in range(EMBEDDING_SIZE))
COLUMNS = (
    *PHOTO_COLUMNS,
    *BOX_COLUMNS,
    *LANDMARK_COLUMNS,
    "probability",
    "quality",
    *MEASURES,
    "score",
    "error_code",
    "error_message",
    *EMBEDDING_COLUMNS,
)
SCALAR_COLUMNS = (*PHOTO_COLUMNS, "probability", "score", "error_code", "error_message")
"""Columns that the CSV has as the table has them."""


def export_npy(table: Path, out: Path) -> list[Path]:
    """`out`: float32 of shape (n, 128), a row for each vector. `out`.csv: the photo and face of each row.

    Raises InvalidTable, OSError.
    """
    keys_file = out.with_name(out.name + ".csv")
    with (
        atomic_write(out, durable=True) as numbers,
        atomic_write(keys_file, durable=True) as keys_bytes,
        _text(keys_bytes) as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("photo", "face"))
        count = 0
        numbers.write(_npy_header(count))
        for vectors, keys in read_embeddings(table):
            numbers.write(vectors.astype("<f4").tobytes())
            writer.writerows(keys)
            count += len(keys)
        numbers.seek(0)
        numbers.write(_npy_header(count))
    return [out, keys_file]


def export_csv(table: Path, out: Path) -> list[Path]:
    """Every row of the table, a column for each number. `quality` has its reasons separated by spaces.

    Raises InvalidTable, OSError.
    """
    with atomic_write(out, durable=True) as file, _text(file) as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_flat(row) for row in read_rows(table))
    return [out]


def _flat(row: Row) -> Row:
    measures = row["measures"] if isinstance(row["measures"], dict) else {}
    quality = row["quality"]
    return {
        **{name: row[name] for name in SCALAR_COLUMNS},
        **_by_name(BOX_COLUMNS, row["box"]),
        **_by_name(LANDMARK_COLUMNS, row["landmarks"]),
        **{name: measures.get(name) for name in MEASURES},
        "quality": " ".join(quality) if isinstance(quality, list) else None,
        **_by_name(EMBEDDING_COLUMNS, row["embedding"]),
    }


def _by_name(names: tuple[str, ...], numbers: object) -> Row:
    return dict(zip(names, numbers, strict=True)) if isinstance(numbers, list) else {}


def _npy_header(rows: int) -> bytes:
    """Its length is the same for any number of rows: numpy pads it."""
    buffer = io.BytesIO()
    shape = (rows, EMBEDDING_SIZE)
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@contextmanager
def _text(file: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """Text written into a file that stays open."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    yield text
    text.detach()
