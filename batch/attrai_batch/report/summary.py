"""What one pass over a table shows: why photos failed, how many faces they have, some of the vectors."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from attrai_shared.batch_contracts import EMBEDDING_SIZE
from numpy.typing import NDArray

from attrai_batch.average import faces
from attrai_batch.table import read_batches

EXAMPLES = 5
"""Of each reason."""
MOST_VECTORS = 10_000
"""On the map; of more, each second, third, ... is taken."""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """`examples`: photos and sentences by error code. `faces`: how many photos have so many faces, 0 for a failed one.

    `vectors`: float32 of shape (n, 128), n at most `MOST_VECTORS`, of `all_vectors`.
    """

    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    faces: Counter[int] = field(default_factory=Counter)
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, EMBEDDING_SIZE), np.float32))
    all_vectors: int = 0


def summarize(table: Path) -> TableSummary:
    """What is in the table, with bounded memory. Raises NoTable."""
    examples: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    numbers: Counter[int] = Counter()
    for photo, rows in groupby(_rows(table), key=lambda row: row[0]):
        found = list(rows)
        _, face, code, message = found[0]
        numbers[0 if face is None else len(found)] += 1
        if code is not None and len(examples[code]) < EXAMPLES:
            examples[code].append((photo, message or ""))
    vectors, count = _some_vectors(table)
    return TableSummary(dict(examples), numbers, vectors, count)


def _rows(table: Path) -> Iterator[tuple[str, int | None, str | None, str | None]]:
    for batch in read_batches(table, "photo", "face", "error_code", "error_message"):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _some_vectors(table: Path) -> tuple[NDArray[np.float32], int]:
    """Halves what it holds, and from then on takes half as many, whenever it holds too many."""
    kept, step, count = np.empty((0, EMBEDDING_SIZE), np.float32), 1, 0
    for vectors, _ in faces(table):
        kept = np.concatenate([kept, vectors[-count % step :: step]])
        count += len(vectors)
        while len(kept) > MOST_VECTORS:
            kept, step = kept[::2], 2 * step
    return kept, count
