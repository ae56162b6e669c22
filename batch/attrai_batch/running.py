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
from attrai_batch.account import Account
from attrai_batch.batch import Batch, Job
from attrai_batch.desk import Desk
from attrai_batch.log_file import logged_to
from attrai_batch.pool import WORKER, Plan, cores, pool
from attrai_batch.progress import DownloadDisplay, ProgressDisplay
from attrai_batch.run_folder import Options, RunFolder, RunRefused
from attrai_batch.settings import BatchRunSettings, Ground, ground_of, names_servers
from attrai_batch.sources import Source
from attrai_batch.sources.download import DownloadRules, named
from attrai_batch.sources.download_place import Place
from attrai_batch.sources.opening import open_source

if TYPE_CHECKING:
    from attrai_batch.report import Report

SERVICE = "batch"
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for. `workers`: estimators of a run without servers, None for one a core.

    `command` takes the place of an estimator's own: a test's that misbehaves.
    """

    source: str
    out: Path
    options: Options
    resume: bool
    workers: int | None
    rules: DownloadRules
    command: tuple[str, ...] = WORKER

    @property
    def shown_source(self) -> str:
        """As it may stand in a report that is sent around: a URL's query may be a key."""
        return named(self.source) if "://" in self.source else self.source


def run(console: Console, surroundings: Mapping[str, str], wish: Wish) -> None:
    """The whole run, with its table and its report.

    Raises RunRefused, SourceError, UsageError, ChildError, ChunkLost, ServiceError, OSError; all but the first two can be gone on with.
    """
    folder = RunFolder(wish.out)
    _check_place(wish.source, folder.out)
    if folder.check(resume=wish.resume):
        console.print(f"{wish.out} is complete already.", highlight=False, soft_wrap=True)
        return
    with locked(folder.path) as held, _tidied(folder):
        source = open_source(wish.source, folder.downloads, replace(wish.rules, told=DownloadDisplay(console)))
        run_id = folder.begin(source.fingerprint, wish.options)
        workers = wish.workers or cores()
        plan = Plan(
            root=source.folder or folder.path,
            spool=folder.spool,
            logs=folder.logs,
            workers=workers,
            surroundings=surroundings,
            command=wish.command,
        )
        with _ground(plan, held) as (ground, check), ProgressDisplay(console, source.count, source.expected) as display:
            display.start_from(folder.account().photos)
            _work(Job(run_id, source, wish.options, folder, ground, prefix(source, ground), display.show, check))
        account = folder.finish()
    _tell(console, wish.out, account, _report(wish, account, None if names_servers(surroundings) else workers))


def _check_place(source: str, out: Path) -> None:
    """Raises RunRefused where no table may be written, before anything is."""
    if not out.parent.is_dir():
        raise RunRefused(f"{out.parent}, where --out leads, is no folder: make it first.")
    if Path(source).is_dir() and out.resolve().is_relative_to(Path(source).resolve()):
        raise RunRefused(f"{out} lies in the source, where nothing is written: name a file outside of it with --out.")


def prefix(source: Source, ground: Ground) -> str:
    """What leads from the estimators' root to the source's folder. Raises RunRefused where nothing does."""
    if source.folder is None:
        return ""
    try:
        below = source.folder.relative_to(ground.root.resolve()).as_posix()
    except ValueError:
        raise RunRefused(
            f"{source.folder} does not lie below {ground.root} (ATTRAI_BATCH_ROOT), where the estimators read."
        ) from None
    return "" if below == "." else f"{below}/"


def _work(job: Job) -> None:
    desk = Desk(job.ground.broker_url, declare_queues=job.ground.declare_queues)
    try:
        Batch(job, desk).run()
    finally:
        desk.close()


@contextmanager
def _ground(plan: Plan, held: list[int]) -> Iterator[tuple[Ground, Check]]:
    """The servers that the environment names, or those of our own; with what raises when ours have ended for good."""
    if names_servers(plan.surroundings):
        with _on_servers(read_settings(BatchRunSettings)) as ground:
            yield ground, _nothing
        return
    origin = Origin(SERVICE, "run", __version__)
    with logged_to(plan.logs / "run.log", origin), pool(plan, held) as (ground, supervisor):
        yield ground, supervisor.check


@contextmanager
def _on_servers(settings: BatchRunSettings) -> Iterator[Ground]:
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    logs = configure_logs(
        SERVICE, replica=settings.replica, version=settings.version, level=settings.log_level, graylog=target
    )
    try:
        yield ground_of(settings)
    finally:
        logs.stop()


@contextmanager
def _tidied(folder: RunFolder) -> Iterator[None]:
    """A run that was refused before it began leaves no folder; one that was interrupted leaves all, a download's part too."""
    place = Place(folder.downloads)
    try:
        yield
    finally:
        if folder.path.exists() and not (folder.is_begun or place.file.exists() or place.part.exists()):
            shutil.rmtree(folder.path)


def _report(wish: Wish, account: Account, workers: int | None) -> "Report":
    from attrai_batch.report import Run, write_report  # noqa: PLC0415 - matplotlib's memory is no matter of the run

    folder = wish.out.with_name(f"{wish.out.stem}.report")
    return write_report(wish.out, account, Run(wish.shown_source, workers), folder)


def _tell(console: Console, out: Path, account: Account, report: "Report") -> None:
    missed = sum(account.missed.values())
    if not account.photos:
        console.print(
            "The source has no photo: a suffix like .jpg makes a file one, and hidden files are skipped.",
            soft_wrap=True,
        )
    for line in (
        f"{account.photos:,} photos: {account.found:,} with {account.faces:,} faces, {missed:,} with a reason for having none.",
        f"{out}  (report: {report.html})",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _nothing() -> None:
    """Servers of others are looked after by others."""
