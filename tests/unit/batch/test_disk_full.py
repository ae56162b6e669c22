"""A disk that takes no more bytes is named by the path that was written. A limit on file sizes stands in for it."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrai_batch.__main__ import app
from attrai_batch.job import BatchEnvironment, BatchJob
from attrai_batch.report import RunInfo, write_report
from attrai_batch.run import process_chunks
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_batch.run_stats import RunStats
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.table import write_part
from attrai_shared.errors import StoreUnavailable
from attrai_shared.spool import Spool
from typer.testing import CliRunner

from benchmarks.batch.instant import InstantQueue
from tests.unit.batch.archives import write_zip
from tests.unit.batch.rows import found, table


@contextmanager
def full_disk(size: int = 500) -> Iterator[None]:
    """No file grows beyond `size` bytes. Nothing is compiled meanwhile: a cut .pyc file would outlive the test."""
    compiles, sys.dont_write_bytecode = not sys.dont_write_bytecode, True
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = not compiles


def test_a_part_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "000000000.parquet"
    with full_disk(), pytest.raises(OSError, match="File too large") as raised:
        write_part(path, [found("a.jpg", 1)])
    assert raised.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    made = table(tmp_path, found("a.jpg", 1))
    with full_disk(), pytest.raises(OSError, match="File too large") as raised:
        write_report(made, RunStats(), RunInfo("x", 1), tmp_path / "report")
    assert Path(raised.value.filename).parent == tmp_path / "report"


@pytest.mark.parametrize(("kind", "out"), [("npy", "x.npy"), ("csv", "x.csv"), ("webdataset", "shards")])
def test_an_export_that_cannot_be_written_is_named(tmp_path: Path, kind: str, out: str) -> None:
    made = table(tmp_path, *(found(f"{i}.jpg", i) for i in range(30)))
    with full_disk():
        result = CliRunner().invoke(app, ["export", str(made), "--format", kind, "--out", str(tmp_path / out)])
    assert result.exit_code == 1
    assert f"{tmp_path / out} cannot be written: File too large" in result.stderr


def test_a_spool_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    source = ArchiveSource(write_zip(tmp_path / "a.zip", {"a.jpg": bytes(2_000)}))
    folder, options = RunFolder(tmp_path / "out.parquet"), ComputeOptions("all", ("embedding",))
    run_id = folder.begin(source.fingerprint, options)
    spool = tmp_path / "spool"
    environment = BatchEnvironment("redis+socket:///nowhere", tmp_path, spool, 7, declare_queues=False)
    job = BatchJob(run_id, source, options, folder, environment, "", lambda *_: None, lambda: None)
    with full_disk(), pytest.raises(StoreUnavailable, match=f"File too large.*{spool}"):
        process_chunks(job, InstantQueue(Spool(spool)))
