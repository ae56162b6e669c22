"""A run without servers: an embedded Valkey and estimators of its own, supervised, ended with the run whichever way it goes."""

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

from attrai_batch.settings import BatchEnvironment

ESTIMATOR = "attrai_estimator"
PASSED_SETTINGS = (
    "ATTRAI_MODELS",
    "ATTRAI_RUNTIME",
    "ATTRAI_SCORER",
    "ATTRAI_SOFT_LIMIT",
    "ATTRAI_HARD_LIMIT",
    "ATTRAI_MEMORY_LIMIT",
    "ATTRAI_BATCH_IDLE",
)
"""Settings of the environment around that estimators of a run keep."""
SETTING_PREFIXES = ("ATTRAI_", "CELERY_")
ESTIMATOR_COMMAND = (sys.executable, "-P", "-m", ESTIMATOR, "worker", "--batch")
CHUNKS_PER_ESTIMATOR = 4
"""Chunks in flight for each estimator."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """What a pool needs. `command` takes the place of an estimator's own: a test's that misbehaves."""

    root: Path
    spool: Path
    logs: Path
    workers: int
    parent_environment: Mapping[str, str]
    command: tuple[str, ...] = ESTIMATOR_COMMAND


@contextmanager
def local_estimators(options: PoolOptions, keep_open: list[int]) -> Iterator[tuple[BatchEnvironment, Supervisor]]:
    """Servers and estimators, starting; `keep_open`: the lock's descriptors, held until all have ended. Raises UsageError."""
    if importlib.util.find_spec(ESTIMATOR) is None:
        raise UsageError("A run without servers needs the estimator: install attrai-estimator beside attrai-batch.")
    runtime = runtime_folder()
    watchdog_pipe = WatchdogPipe(runtime, keep_open)
    try:
        for folder in (options.logs, options.spool):
            folder.mkdir(parents=True, exist_ok=True)
        with Supervisor(services(options, runtime), options.logs, watchdog_pipe) as supervisor:
            broker = embedded_broker(runtime / SOCKET)
            yield (
                BatchEnvironment(
                    broker, options.root, options.spool, CHUNKS_PER_ESTIMATOR * options.workers, declare_queues=True
                ),
                supervisor,
            )
    finally:
        watchdog_pipe.close()


def services(options: PoolOptions, runtime: Path) -> list[Service]:
    """Valkey, then the estimators, which need it."""
    around = {
        name: value
        for name, value in options.parent_environment.items()
        if name in PASSED_SETTINGS or not name.startswith(SETTING_PREFIXES)
    }
    around["TMPDIR"] = str(runtime)
    return [
        ephemeral_valkey(runtime / SOCKET, runtime, around),
        *(_estimator(options, runtime, around, number) for number in range(1, options.workers + 1)),
    ]


def _estimator(options: PoolOptions, runtime: Path, around: Mapping[str, str], number: int) -> Service:
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
    return Service(name, options.command, heartbeat.exists, before, (VALKEY,), {**around, **settings})


def _clean_up_predecessor(broker: str, role: str, heartbeat: Path) -> None:
    """What a dead predecessor left: a sign of life, chunks that it had taken. Raises ServiceError when Valkey is away."""
    heartbeat.unlink(missing_ok=True)
    redeliver_unacked(broker, role)


def usable_cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
