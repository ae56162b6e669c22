"""`attrai-batch run` from top to bottom: open the source, run its chunks through the estimators, write table and report."""

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from attrai_local.folder_lock import locked
from attrai_shared.errors import StoreUnavailable
from attrai_shared.logs import event
from attrai_shared.spool import Spool
from rich.console import Console

from attrai_batch.chunk_queue import ChunkQueue
from attrai_batch.chunks import chunks
from attrai_batch.collector import Collector
from attrai_batch.errors import RunRefused
from attrai_batch.estimators import ESTIMATOR_COMMAND, PoolOptions, start_or_attach, usable_cores
from attrai_batch.in_flight import InFlight
from attrai_batch.job import BatchJob
from attrai_batch.producer import Producer
from attrai_batch.progress import DownloadDisplay, ProgressDisplay
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_batch.run_stats import RunStats
from attrai_batch.settings import uses_servers
from attrai_batch.sources import open_source
from attrai_batch.sources.download import DownloadRules, redacted_url
from attrai_batch.sources.download_paths import DownloadPaths
from attrai_batch.sources.entries import PassedOver
from attrai_batch.sources.zip_names import DEFAULT_ENCODING

if TYPE_CHECKING:
    from attrai_batch.report import Report

logger = logging.getLogger(__name__)

SPOOL_POLL_S = 0.05
"""Seconds between two looks for results while none arrives."""
CHUNKS_PER_PART = 16
"""Chunks that make a part. A kill costs at most these and the chunks in flight."""
MAX_CHUNKS_BEHIND_LATE = 64
"""Complete chunks that may wait for an earlier one, beside those in flight. It bounds the memory."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asks for. `workers`: estimators of a run without servers, None for one on each core.

    Tests replace `command`, which starts an estimator.
    """

    source: str
    out: Path
    compute: ComputeOptions
    resume: bool
    workers: int | None
    rules: DownloadRules
    zip_encoding: str = DEFAULT_ENCODING
    command: tuple[str, ...] = ESTIMATOR_COMMAND

    @property
    def printable_source(self) -> str:
        """The source for a report that is sent around: without a URL's query, which may hold a key."""
        return redacted_url(self.source) if "://" in self.source else self.source


def run_batch(console: Console, parent_environment: Mapping[str, str], options: RunOptions) -> None:
    """The whole run, or the rest of an interrupted one.

    Raises RunRefused, SourceError, UsageError, ChildError, ChunkLost, ServiceError, OSError. After all but the first
    two, the same command with --resume continues the run.
    """
    folder = RunFolder(options.out)
    check_table_path(options.source, folder.out)
    if folder.is_complete(resume=options.resume):
        console.print(f"{options.out} is complete already.", highlight=False, soft_wrap=True)
        return
    with locked(folder.path) as lock_files, _removed_if_not_begun(folder):
        downloading = DownloadDisplay(console)
        rules = replace(options.rules, on_progress=downloading, on_wait=downloading.show_wait)
        source = open_source(options.source, folder.downloads, rules, zip_encoding=options.zip_encoding)
        run_id = folder.begin(source.fingerprint, options.compute)
        pool = PoolOptions(
            root=source.folder or folder.path,
            spool=folder.spool,
            logs=folder.logs,
            workers=options.workers or usable_cores(),
            parent_environment=parent_environment,
            command=options.command,
        )
        with (
            start_or_attach(pool, lock_files) as (environment, check),
            ProgressDisplay(console, source.count, source.expected) as display,
            closing(ChunkQueue(environment.broker_url, declare_queues=environment.declare_queues)) as queue,
        ):
            display.start_from(folder.stats().photos)
            prefix = environment.prefix_of(source.folder)
            job = BatchJob(run_id, source, options.compute, folder, environment, prefix, display.show, check)
            process_chunks(job, queue)
        stats = folder.finish()
    report = _write_report(
        options, stats, None if uses_servers(parent_environment) else pool.workers, source.passed_over
    )
    _print_result(console, options.out, stats, report, source.passed_over)


def process_chunks(job: BatchJob, queue: ChunkQueue) -> None:
    """Submit the source's chunks and collect their results until every photo is in a part.

    A resumed run cuts the source into the same chunks and skips those that its parts hold. Memory is bounded by the
    window. Raises StoreUnavailable, ChunkLost, SourceError, OSError; the parts written so far stay.
    """
    spool, in_flight = Spool(job.environment.spool), InFlight()
    producer, collector = Producer(job, spool, queue, in_flight), Collector(job, spool, in_flight)
    with _named_spool(job.environment.spool):
        _process(job, spool, producer, collector, in_flight)
    stats = collector.stats
    event(logger, "batch_done", photos=stats.photos, faces=stats.faces, found=stats.found, missed=dict(stats.missed))


def _process(job: BatchJob, spool: Spool, producer: Producer, collector: Collector, in_flight: InFlight) -> None:
    window = job.environment.window
    spool.open_run(job.run_id)
    first = job.folder.next_chunk()
    remaining = (chunk for chunk in chunks(job.source.entries()) if chunk.number >= first)
    has_more = True
    while has_more or in_flight:
        while has_more and len(in_flight) < window and len(collector) < window + MAX_CHUNKS_BEHIND_LATE:
            chunk = next(remaining, None)
            if chunk is None:
                has_more = False
            else:
                collector.expect(chunk)
                producer.submit(chunk)
        has_results = collector.collect()
        collector.write_part(at_least=CHUNKS_PER_PART)
        producer.check(collector.stats)
        if not has_results:
            time.sleep(SPOOL_POLL_S)
    collector.write_part(at_least=1)
    spool.close_run(job.run_id)


@contextmanager
def _named_spool(spool: Path) -> Iterator[None]:
    """Adds the spool's folder to an error of its disk."""
    try:
        yield
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error} ({spool})") from error


def check_table_path(source: str, out: Path) -> None:
    """Raises RunRefused if no table may be written at `out`. Nothing is written before."""
    if not out.parent.is_dir():
        raise RunRefused(f"{out.parent}, where --out leads, is no folder: make it first.")
    if Path(source).is_dir() and out.resolve().is_relative_to(Path(source).resolve()):
        raise RunRefused(f"{out} lies in the source, where nothing is written: name a file outside of it with --out.")


@contextmanager
def _removed_if_not_begun(folder: RunFolder) -> Iterator[None]:
    """A run that was refused before it began leaves no folder. An interrupted run or download leaves all it has."""
    paths = DownloadPaths(folder.downloads)
    try:
        yield
    finally:
        if folder.path.exists() and not (folder.is_begun or paths.file.exists() or paths.part.exists()):
            shutil.rmtree(folder.path)


def _write_report(options: RunOptions, stats: RunStats, workers: int | None, passed_over: PassedOver) -> "Report":
    from attrai_batch.report import RunInfo, write_report  # noqa: PLC0415 - a run does not need matplotlib's memory

    folder = options.out.with_name(f"{options.out.stem}.report")
    return write_report(options.out, stats, RunInfo(options.printable_source, workers, passed_over), folder)


def _print_result(console: Console, out: Path, stats: RunStats, report: "Report", passed_over: PassedOver) -> None:
    missed = sum(stats.missed.values())
    if not stats.photos:
        console.print(
            "The source has no photo: a suffix like .jpg or its first bytes make a file one, and hidden files are skipped.",
            soft_wrap=True,
        )
    for line in (
        f"{stats.photos:,} photos: {stats.found:,} with {stats.faces:,} faces, {missed:,} with a reason for having none.",
        *filter(None, [passed_over_sentence(passed_over)]),
        f"{out}  (report: {report.html})",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def passed_over_sentence(passed_over: PassedOver) -> str:
    """How many files have no row; empty if there are none."""
    archives, others = passed_over.archives, passed_over.others
    kinds = []
    if archives:
        noun, they = ("archive", "it") if archives == 1 else ("archives", "them")
        kinds.append(f"{archives:,} {noun} in the source (unpack {they} first)")
    if others:
        kinds.append(f"{others:,} {'file that is no photo' if others == 1 else 'files that are no photos'}")
    return f"Passed over: {', '.join(kinds)}." if kinds else ""
