"""A summary of a table: examples of failures, numbers of faces, and some of the vectors."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE

from attrai_batch.table import Vectors, read_batches, read_embeddings

EXAMPLES_PER_CODE = 5
"""Failed photos that the report names for each error code."""
MAX_VECTORS = 10_000
"""Vectors on the map. Of more vectors every second, fourth, eighth, … is taken."""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """`examples`: photos and sentences by error code. `faces`: photos by their number of faces, 0 for a failed one.

    `vectors`: float32 of shape (n, 128), at most `MAX_VECTORS` of the table's `all_vectors`.
    """

    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    faces: Counter[int] = field(default_factory=Counter)
    vectors: Vectors = field(default_factory=lambda: np.empty((0, EMBEDDING_SIZE), np.float32))
    all_vectors: int = 0


def summarize(table: Path) -> TableSummary:
    """Summarize a table in bounded memory. Raises InvalidTable."""
    examples: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    numbers: Counter[int] = Counter()
    for photo, rows in groupby(_rows(table), key=lambda row: row[0]):
        found = list(rows)
        _, face, code, message = found[0]
        numbers[0 if face is None else len(found)] += 1
        if code is not None and len(examples[code]) < EXAMPLES_PER_CODE:
            examples[code].append((photo, message or ""))
    vectors, count = _some_vectors(table)
    return TableSummary(dict(examples), numbers, vectors, count)


def _rows(table: Path) -> Iterator[tuple[str, int | None, str | None, str | None]]:
    for batch in read_batches(table, "photo", "face", "error_code", "error_message"):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _some_vectors(table: Path) -> tuple[Vectors, int]:
    """When it holds too many vectors it drops every second one and takes half as many from then on."""
    kept, step, count = np.empty((0, EMBEDDING_SIZE), np.float32), 1, 0
    for vectors, _ in read_embeddings(table):
        kept = np.concatenate([kept, vectors[-count % step :: step]])
        count += len(vectors)
        while len(kept) > MAX_VECTORS:
            kept, step = kept[::2], 2 * step
    return kept, count
