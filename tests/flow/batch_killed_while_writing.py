"""`attrai-batch` that is killed while it writes a row group: the one with the number DIE_AT, counted from 1."""

import itertools
import os
import signal
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from attrai_batch.__main__ import main

WHOLE = pq.ParquetWriter.write_table
GROUPS = itertools.count(1)


def write_half(writer: pq.ParquetWriter, table: pa.Table, row_group_size: int) -> None:
    """Writes as the product does. Of group DIE_AT it writes half the rows and dies."""
    if next(GROUPS) == int(os.environ["DIE_AT"]):
        WHOLE(writer, table.slice(0, len(table) // 2), row_group_size)
        os.kill(os.getpid(), signal.SIGKILL)
    WHOLE(writer, table, row_group_size)


if __name__ == "__main__":
    pq.ParquetWriter.write_table = write_half
    sys.exit(main())
