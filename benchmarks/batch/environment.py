"""The environment of the batch benchmark: photos, RabbitMQ with batch estimators, and timed processes without it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timed_process import TimedProcess
from tests.flow import servers

REPOSITORY = Path(__file__).parents[2]
BATCH_WORKER_COMMAND = (sys.executable, "-P", "-m", "attrai_estimator", "worker", "--batch")
ESTIMATORS_READY_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """A temporary folder with `photos` and the output of runs."""

    folder: Path

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def table(self) -> Path:
        return self.folder / "out.parquet"

    @property
    def log(self) -> Path:
        """The runs' output."""
        return self.folder / "runs.log"

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment of a child process, with these Attrai settings and no others."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ATTRAI_")}
        return {**inherited, "OMP_NUM_THREADS": "1", **{f"ATTRAI_{name}": value for name, value in settings.items()}}


def copy_photos(source: Path, work_folder: WorkFolder, count: int | None) -> list[Path]:
    """Copy `count` photos, evenly from all, or all; each keeps its folder."""
    found = sorted(source.rglob("*.jpg"))
    for path in found[:: max(len(found) // count, 1)][:count] if count else found:
        copy = work_folder.photos / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return sorted(work_folder.photos.rglob("*.jpg"))


@contextmanager
def timed_processes(command: Sequence[str], count: int, work_folder: WorkFolder) -> Iterator[list[TimedProcess]]:
    """Start `count` timed processes."""
    with ExitStack() as stack:
        yield [stack.enter_context(_timed_process(command, work_folder)) for _ in range(count)]


@contextmanager
def queued_estimators(work_folder: WorkFolder, estimators: int) -> Iterator[dict[str, str]]:
    """RabbitMQ with ready batch estimators; yields the environment of a run. Raises SystemExit without RabbitMQ."""
    missing = servers.missing_rabbitmq()
    if missing:
        raise SystemExit(missing)
    for folder in (work_folder.spool, work_folder.folder / "rabbitmq"):
        folder.mkdir()
    with ExitStack() as stack:
        broker = stack.enter_context(servers.rabbitmq(work_folder.folder / "rabbitmq"))
        settings = {"BROKER_URL": broker, "BATCH_ROOT": str(work_folder.photos), "BATCH_SPOOL": str(work_folder.spool)}
        heartbeats = [work_folder.folder / f"{number}.heartbeat" for number in range(estimators)]
        for heartbeat in heartbeats:
            inherited = work_folder.environment(**settings, HEARTBEAT=str(heartbeat), REPLICA=heartbeat.stem)
            stack.enter_context(_estimator(inherited, work_folder.folder / f"{heartbeat.stem}.log"))
        _await_files(heartbeats)
        yield work_folder.environment(**settings)


@contextmanager
def _timed_process(command: Sequence[str], work_folder: WorkFolder) -> Iterator[TimedProcess]:
    inherited = work_folder.environment() | {"PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=inherited) as process:  # noqa: S603 - our own
        try:
            yield TimedProcess(process)
        finally:
            process.terminate()


@contextmanager
def _estimator(inherited: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("w") as file,
        subprocess.Popen(BATCH_WORKER_COMMAND, env=inherited, stdout=file, stderr=file) as process,  # noqa: S603 - our own
    ):
        try:
            yield
        finally:
            process.terminate()


def _await_files(paths: Sequence[Path]) -> None:
    until = time.monotonic() + ESTIMATORS_READY_TIMEOUT_S
    while not all(path.exists() for path in paths):
        if time.monotonic() > until:
            raise TimeoutError("the estimators are not ready")
        time.sleep(POLL_INTERVAL_S)
