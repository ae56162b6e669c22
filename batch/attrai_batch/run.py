"""`attrai-batch run`: from the command line's words to a run, on the servers that the environment names or on its own."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from attrai_local.folder_lock import locked
from attrai_shared.logs import LogTarget, configure_logs
from attrai_shared.logs.records import Origin
from attrai_shared.settings import read_settings
from rich.console import Console

from attrai_batch import __version__
from attrai_batch.batch import Batch, BatchJob
from attrai_batch.chunk_queue import ChunkQueue
from attrai_batch.local_estimators import ESTIMATOR_COMMAND, PoolOptions, local_estimators, usable_cores
from attrai_batch.log_file import logged_to
from attrai_batch.progress import DownloadDisplay, ProgressDisplay
from attrai_batch.run_folder import ComputeOptions, RunFolder, RunRefused
from attrai_batch.run_stats import RunStats
from attrai_batch.settings import BatchEnvironment, BatchRunSettings, environment_from, uses_servers
from attrai_batch.sources import open_source
from attrai_batch.sources.download import DownloadRules, redacted_url
from attrai_batch.sources.download_paths import DownloadPaths
from attrai_batch.sources.entries import PhotoSource

if TYPE_CHECKING:
    from attrai_batch.report import Report

SERVICE = "batch"
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asks for. `workers`: estimators of a run without servers, None for one a core.

    `command` takes the place of an estimator's own: a test's that misbehaves.
    """

    source: str
    out: Path
    options: ComputeOptions
    resume: bool
    workers: int | None
    rules: DownloadRules
    command: tuple[str, ...] = ESTIMATOR_COMMAND

    @property
    def shown_source(self) -> str:
        """As it may stand in a report that is sent around: a URL's query may be a key."""
        return redacted_url(self.source) if "://" in self.source else self.source


def run_batch(console: Console, parent_environment: Mapping[str, str], options: RunOptions) -> None:
    """The whole run, with its table and its report.

    Raises RunRefused, SourceError, UsageError, ChildError, ChunkLost, ServiceError, OSError; all but the first two can be gone on with.
    """
    folder = RunFolder(options.out)
    _check_place(options.source, folder.out)
    if folder.check(resume=options.resume):
        console.print(f"{options.out} is complete already.", highlight=False, soft_wrap=True)
        return
    with locked(folder.path) as held, _tidied(folder):
        source = open_source(
            options.source, folder.downloads, replace(options.rules, on_progress=DownloadDisplay(console))
        )
        run_id = folder.begin(source.fingerprint, options.options)
        workers = options.workers or usable_cores()
        pool_options = PoolOptions(
            root=source.folder or folder.path,
            spool=folder.spool,
            logs=folder.logs,
            workers=workers,
            parent_environment=parent_environment,
            command=options.command,
        )
        with (
            _environment(pool_options, held) as (environment, check),
            ProgressDisplay(console, source.count, source.expected) as display,
        ):
            display.start_from(folder.stats().photos)
            _work(
                BatchJob(
                    run_id,
                    source,
                    options.options,
                    folder,
                    environment,
                    prefix(source, environment),
                    display.show,
                    check,
                )
            )
        stats = folder.finish()
    _tell(console, options.out, stats, _report(options, stats, None if uses_servers(parent_environment) else workers))


def _check_place(source: str, out: Path) -> None:
    """Raises RunRefused where no table may be written, before anything is."""
    if not out.parent.is_dir():
        raise RunRefused(f"{out.parent}, where --out leads, is no folder: make it first.")
    if Path(source).is_dir() and out.resolve().is_relative_to(Path(source).resolve()):
        raise RunRefused(f"{out} lies in the source, where nothing is written: name a file outside of it with --out.")


def prefix(source: PhotoSource, environment: BatchEnvironment) -> str:
    """What leads from the estimators' root to the source's folder. Raises RunRefused where nothing does."""
    if source.folder is None:
        return ""
    try:
        below = source.folder.relative_to(environment.root.resolve()).as_posix()
    except ValueError:
        raise RunRefused(
            f"{source.folder} does not lie below {environment.root} (ATTRAI_BATCH_ROOT), where the estimators read."
        ) from None
    return "" if below == "." else f"{below}/"


def _work(job: BatchJob) -> None:
    queue = ChunkQueue(job.environment.broker_url, declare_queues=job.environment.declare_queues)
    try:
        Batch(job, queue).run()
    finally:
        queue.close()


@contextmanager
def _environment(pool_options: PoolOptions, held: list[int]) -> Iterator[tuple[BatchEnvironment, Check]]:
    """The servers that the environment names, or those of our own; with what raises when ours have ended for good."""
    if uses_servers(pool_options.parent_environment):
        with _on_servers(read_settings(BatchRunSettings)) as environment:
            yield environment, _nothing
        return
    origin = Origin(SERVICE, "run", __version__)
    with (
        logged_to(pool_options.logs / "run.log", origin),
        local_estimators(pool_options, held) as (environment, supervisor),
    ):
        yield environment, supervisor.check


@contextmanager
def _on_servers(settings: BatchRunSettings) -> Iterator[BatchEnvironment]:
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    logs = configure_logs(
        SERVICE, replica=settings.replica, version=settings.version, level=settings.log_level, graylog=target
    )
    try:
        yield environment_from(settings)
    finally:
        logs.stop()


@contextmanager
def _tidied(folder: RunFolder) -> Iterator[None]:
    """A run that was refused before it began leaves no folder; one that was interrupted leaves all, a download's part too."""
    place = DownloadPaths(folder.downloads)
    try:
        yield
    finally:
        if folder.path.exists() and not (folder.is_begun or place.file.exists() or place.part.exists()):
            shutil.rmtree(folder.path)


def _report(options: RunOptions, stats: RunStats, workers: int | None) -> "Report":
    from attrai_batch.report import RunInfo, write_report  # noqa: PLC0415 - matplotlib's memory is no matter of the run

    folder = options.out.with_name(f"{options.out.stem}.report")
    return write_report(options.out, stats, RunInfo(options.shown_source, workers), folder)


def _tell(console: Console, out: Path, stats: RunStats, report: "Report") -> None:
    missed = sum(stats.missed.values())
    if not stats.photos:
        console.print(
            "The source has no photo: a suffix like .jpg makes a file one, and hidden files are skipped.",
            soft_wrap=True,
        )
    for line in (
        f"{stats.photos:,} photos: {stats.found:,} with {stats.faces:,} faces, {missed:,} with a reason for having none.",
        f"{out}  (report: {report.html})",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _nothing() -> None:
    """Servers of others are looked after by others."""
