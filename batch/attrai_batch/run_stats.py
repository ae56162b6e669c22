"""The statistics of a run, added up by chunk and by part: counts, seconds, and the sum of the aligned faces."""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from attrai_shared.batch_contracts import AlignedSum, ChunkResult, PhotoFailure, PhotoResult
from numpy.typing import NDArray

from attrai_batch.table import NamedOutcome

Sums = NDArray[np.int64]


@dataclass
class RunStats:
    """Of a whole run or of a part of it.

    `missed`: photos by error code. `seconds`: of each step, all estimators together. `elapsed`: seconds of wall time.
    `aligned`: shape (size, size, 3), the sum of all aligned faces.
    """

    photos: int = 0
    found: int = 0
    faces: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0
    aligned: Sums | None = None
    aligned_count: int = 0

    def add_photos(self, photos: Sequence[NamedOutcome]) -> None:
        """Count the photos of a chunk, refused ones included."""
        for _, outcome in photos:
            self.photos += 1
            if isinstance(outcome, PhotoResult):
                self.found += 1
                self.faces += len(outcome.faces)
            else:
                self.missed[outcome.code] += 1

    def add_work(self, result: ChunkResult) -> None:
        """Add a chunk's seconds and aligned faces."""
        self.seconds.update(result.seconds)  # a Counter adds
        if result.aligned is not None:
            self._add_aligned(decode_aligned(result.aligned), result.aligned.count)

    def add(self, other: "RunStats") -> None:
        """Add another part of the run."""
        self.photos += other.photos
        self.found += other.found
        self.faces += other.faces
        self.missed.update(other.missed)
        self.seconds.update(other.seconds)
        self.elapsed += other.elapsed
        if other.aligned is not None:
            self._add_aligned(other.aligned, other.aligned_count)

    def average_face(self) -> NDArray[np.uint8] | None:
        """The mean of all aligned faces, RGB; None if there are none."""
        if self.aligned is None:
            return None
        mean: NDArray[np.uint8] = np.round(self.aligned / self.aligned_count).astype(np.uint8)
        return mean

    def _add_aligned(self, sums: Sums, count: int) -> None:
        self.aligned = sums if self.aligned is None else self.aligned + sums
        self.aligned_count += count


def sum_stats(parts: Iterable[RunStats]) -> RunStats:
    """The sum of all."""
    whole = RunStats()
    for stats in parts:
        whole.add(stats)
    return whole


def stats_to_metadata(stats: RunStats) -> dict[str, str]:
    """The statistics as metadata of a Parquet file."""
    counts = {name: value for name, value in vars(stats).items() if name != "aligned"}
    text = {"account": json.dumps(counts, sort_keys=True)}
    if stats.aligned is not None:
        sums = base64.b64encode(zlib.compress(stats.aligned.astype("<i8").tobytes(), level=6)).decode()
        text |= {"aligned": sums, "aligned_size": str(stats.aligned.shape[0])}
    return text


def stats_from_metadata(metadata: dict[str, str]) -> RunStats:
    """The inverse of `stats_to_metadata`. Raises KeyError or ValueError for other metadata."""
    counts = json.loads(metadata["account"])
    stats = RunStats(**{**counts, "missed": Counter(counts["missed"]), "seconds": Counter(counts["seconds"])})
    if "aligned" in metadata:
        size = int(metadata["aligned_size"])
        sums = zlib.decompress(base64.b64decode(metadata["aligned"]))
        stats.aligned = np.frombuffer(sums, "<i8").reshape(size, size, 3).astype(np.int64)
    return stats


def decode_aligned(aligned: AlignedSum) -> Sums:
    """A chunk's sum, shape (size, size, 3)."""
    sums = np.frombuffer(zlib.decompress(base64.b64decode(aligned.sums)), "<u4")
    return sums.reshape(aligned.size, aligned.size, 3).astype(np.int64)


def photo_outcomes(names: Sequence[tuple[str, PhotoFailure | None]], result: ChunkResult | None) -> list[NamedOutcome]:
    """A chunk's photos in its order: the refused ones with their refusals, the others with their results."""
    found = iter(() if result is None else result.photos)
    return [(name, missed if missed is not None else next(found)) for name, missed in names]
