"""A whole run without estimators: every submitted chunk has its result at once."""

import tracemalloc
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from attrai_batch.errors import ChunkLost
from attrai_batch.job import BatchEnvironment, BatchJob
from attrai_batch.run import process_chunks
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.spool import Spool

from benchmarks.batch.instant import InstantQueue, Names, run

FEW, MANY = 3_000, 12_000


def peak(count: int, place: Path) -> int:
    tracemalloc.start()
    try:
        run(count, place)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_every_entry_is_in_the_table_once_and_in_order(tmp_path: Path) -> None:
    names = pq.read_table(run(FEW, tmp_path), columns=["photo"])["photo"].to_pylist()
    assert names == [entry.name for entry in Names(FEW).entries()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "spool"]
    assert list((tmp_path / "spool").iterdir()) == []


def test_memory_does_not_grow_with_the_number_of_photos(tmp_path: Path) -> None:
    """Measured twice: pathlib interns names, and the interpreter's table of these grows by megabytes once in a while."""
    places = [tmp_path / name for name in ("warm-up", "few", "few-again", "many", "many-again")]
    for place in places:
        place.mkdir()
    run(FEW, places[0])  # imports and compiles what is needed
    few = min(peak(FEW, place) for place in places[1:3])
    assert any(peak(MANY, place) < 1.3 * few for place in places[3:])


class SilentQueue(InstantQueue):
    """Accepts chunks, which never have a result."""

    def submit(self, message: ToEmbed) -> bool:
        return True


def test_the_window_bounds_the_chunks_in_flight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, folder, options = Names(FEW), RunFolder(tmp_path / "out.parquet"), ComputeOptions("all", ("embedding",))
    submitted = []

    class Counting(SilentQueue):
        def submit(self, message: ToEmbed) -> bool:
            submitted.append(message.chunk)
            return True

    def stop() -> None:
        raise ChunkLost("enough")

    run_id = folder.begin(source.fingerprint, options)
    environment = BatchEnvironment(
        "redis+socket:///nowhere", source.folder, tmp_path / "spool", 7, declare_queues=False
    )
    job = BatchJob(run_id, source, options, folder, environment, "", lambda *_: None, stop)
    with pytest.raises(ChunkLost):
        process_chunks(job, Counting(Spool(tmp_path / "spool")))
    assert submitted == list(range(7))
