"""The estimators of a run: those on the servers that the environment names, or its own, which end with the run."""

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from attrai_local import Service, Supervisor
from attrai_local.errors import UsageError
from attrai_local.redelivery import redeliver_unacked
from attrai_local.valkey import SOCKET, VALKEY, embedded_broker, ephemeral_valkey, runtime_folder
from attrai_local.watchdog_pipe import WatchdogPipe
from attrai_shared.logs import LogTarget, configure_logs
from attrai_shared.logs.records import Origin
from attrai_shared.settings import read_settings

from attrai_batch import __version__
from attrai_batch.job import BatchEnvironment, Check
from attrai_batch.log_file import logged_to
from attrai_batch.settings import BatchRunSettings, environment_from, uses_servers

SERVICE = "batch"
ESTIMATOR_MODULE = "attrai_estimator"
PASSED_SETTINGS = (
    "ATTRAI_MODELS",
    "ATTRAI_RUNTIME",
    "ATTRAI_SCORER",
    "ATTRAI_SOFT_LIMIT",
    "ATTRAI_HARD_LIMIT",
    "ATTRAI_MEMORY_LIMIT",
    "ATTRAI_BATCH_IDLE",
)
"""Settings of the parent environment that the run's own estimators get too."""
SETTING_PREFIXES = ("ATTRAI_", "CELERY_")
ESTIMATOR_COMMAND = (sys.executable, "-P", "-m", ESTIMATOR_MODULE, "worker", "--batch")
CHUNKS_PER_ESTIMATOR = 4
"""Chunks in flight for each of the run's own estimators."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """What the run's own estimators need: the folder to read, spool, logs, their number. Tests replace `command`."""

    root: Path
    spool: Path
    logs: Path
    workers: int
    parent_environment: Mapping[str, str]
    command: tuple[str, ...] = ESTIMATOR_COMMAND


@contextmanager
def start_or_attach(options: PoolOptions, lock_files: list[int]) -> Iterator[tuple[BatchEnvironment, Check]]:
    """The environment to run in, and a check that raises ChildError when the run's own estimators have ended for good.

    `lock_files`: descriptors of the run's lock, held until all children have ended. Raises UsageError, SettingsError.
    """
    if uses_servers(options.parent_environment):
        with _logs_of_servers(settings := read_settings(BatchRunSettings)):
            yield environment_from(settings), _no_check
    else:
        origin = Origin(SERVICE, "run", __version__)
        with (
            logged_to(options.logs / "run.log", origin),
            own_estimators(options, lock_files) as (environment, supervisor),
        ):
            yield environment, supervisor.check


@contextmanager
def own_estimators(options: PoolOptions, lock_files: list[int]) -> Iterator[tuple[BatchEnvironment, Supervisor]]:
    """An embedded Valkey and estimators, starting and supervised. Raises UsageError."""
    if importlib.util.find_spec(ESTIMATOR_MODULE) is None:
        raise UsageError("A run without servers needs the estimator: install attrai-estimator beside attrai-batch.")
    runtime = runtime_folder()
    watchdog_pipe = WatchdogPipe(runtime, lock_files)
    broker = embedded_broker(runtime / SOCKET)
    window = CHUNKS_PER_ESTIMATOR * options.workers
    try:
        for folder in (options.logs, options.spool):
            folder.mkdir(parents=True, exist_ok=True)
        with Supervisor(services(options, runtime), options.logs, watchdog_pipe) as supervisor:
            yield BatchEnvironment(broker, options.root, options.spool, window, declare_queues=True), supervisor
    finally:
        watchdog_pipe.close()


def services(options: PoolOptions, runtime: Path) -> list[Service]:
    """Valkey, then the estimators, which need it."""
    inherited = {name: value for name, value in options.parent_environment.items() if _is_inherited(name)}
    inherited["TMPDIR"] = str(runtime)
    return [
        ephemeral_valkey(runtime / SOCKET, runtime, inherited),
        *(_estimator(options, runtime, inherited, number) for number in range(1, options.workers + 1)),
    ]


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _is_inherited(setting: str) -> bool:
    return setting in PASSED_SETTINGS or not setting.startswith(SETTING_PREFIXES)


def _estimator(options: PoolOptions, runtime: Path, inherited: Mapping[str, str], number: int) -> Service:
    name = f"estimator-{number}"
    heartbeat, broker = runtime / f"{name}.heartbeat", embedded_broker(runtime / SOCKET)
    settings = {
        "ATTRAI_BROKER_URL": broker,
        "ATTRAI_BATCH_ROOT": str(options.root),
        "ATTRAI_BATCH_SPOOL": str(options.spool),
        "ATTRAI_BATCH_ROLE": f"batch_estimator_{number}",
        "ATTRAI_REPLICA": name,
        "ATTRAI_HEARTBEAT": str(heartbeat),
    }
    before = partial(_clean_up_predecessor, broker, settings["ATTRAI_BATCH_ROLE"], heartbeat)
    return Service(name, options.command, heartbeat.exists, before, (VALKEY,), {**inherited, **settings})


def _clean_up_predecessor(broker: str, role: str, heartbeat: Path) -> None:
    """Remove a dead estimator's heartbeat and requeue its chunks. Raises ServiceError while Valkey is not reachable."""
    heartbeat.unlink(missing_ok=True)
    redeliver_unacked(broker, role)


@contextmanager
def _logs_of_servers(settings: BatchRunSettings) -> Iterator[None]:
    """The logs of a run on servers: as the settings say, also to Graylog."""
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    logs = configure_logs(
        SERVICE, replica=settings.replica, version=settings.version, level=settings.log_level, graylog=target
    )
    try:
        yield
    finally:
        logs.stop()


def _no_check() -> None:
    """The estimators on servers are supervised there."""
