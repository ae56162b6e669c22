"""The memory of a run over a million entries with a vector each, in a process like the command's."""

import resource
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import attrai_batch.__main__  # noqa: F401  # all that the command loads
import pyarrow.parquet as pq
from attrai_batch.table import use_system_allocator

from benchmarks.batch.installed import keep_pandas_out
from benchmarks.batch.instant import run

ENTRIES, EARLY_ENTRIES = 1_000_000, 20_000


class Peaks:
    """The process's peak memory, in MB, at stages of the run."""

    def __init__(self) -> None:
        self.before = self.soon = self.submitted = _peak()

    def show(self, photos: int, _: Mapping[str, int]) -> None:
        """Note the peak at each progress."""
        self.submitted = _peak()
        if photos <= EARLY_ENTRIES:
            self.soon = self.submitted


def main(entries: int) -> None:
    """Print the result."""
    keep_pandas_out()
    use_system_allocator()
    peaks, start = Peaks(), perf_counter()
    with tempfile.TemporaryDirectory(prefix="attrai-bench-") as folder:
        table = run(entries, Path(folder), show=peaks.show)
        rows = pq.ParquetFile(table).metadata.num_rows
    sys.stdout.write(
        f"{peaks.submitted:.0f} MB at most until all of {rows:,} entries were embedded ({peaks.before:.0f} before the first, "
        f"{peaks.soon:.0f} after {EARLY_ENTRIES:,}), {_peak():.0f} MB with the table made; {perf_counter() - start:.0f} s\n"
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)
