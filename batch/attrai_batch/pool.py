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

from attrai_batch.settings import Ground

ESTIMATOR = "attrai_estimator"
KEPT = (
    "ATTRAI_MODELS",
    "ATTRAI_RUNTIME",
    "ATTRAI_SCORER",
    "ATTRAI_SOFT_LIMIT",
    "ATTRAI_HARD_LIMIT",
    "ATTRAI_MEMORY_LIMIT",
    "ATTRAI_BATCH_IDLE",
)
"""Settings of the environment around that estimators of a run keep."""
OURS = ("ATTRAI_", "CELERY_")
WORKER = (sys.executable, "-P", "-m", ESTIMATOR, "worker", "--batch")
EACH = 4
"""Chunks in flight for each estimator."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pool needs. `command` takes the place of an estimator's own: a test's that misbehaves."""

    root: Path
    spool: Path
    logs: Path
    workers: int
    surroundings: Mapping[str, str]
    command: tuple[str, ...] = WORKER


@contextmanager
def pool(plan: Plan, keep_open: list[int]) -> Iterator[tuple[Ground, Supervisor]]:
    """Servers and estimators, starting; `keep_open`: the lock's descriptors, held until all have ended. Raises UsageError."""
    if importlib.util.find_spec(ESTIMATOR) is None:
        raise UsageError("A run without servers needs the estimator: install attrai-estimator beside attrai-batch.")
    runtime = runtime_folder()
    watchdog_pipe = WatchdogPipe(runtime, keep_open)
    try:
        for folder in (plan.logs, plan.spool):
            folder.mkdir(parents=True, exist_ok=True)
        with Supervisor(services(plan, runtime), plan.logs, watchdog_pipe) as supervisor:
            broker = embedded_broker(runtime / SOCKET)
            yield Ground(broker, plan.root, plan.spool, EACH * plan.workers, declare_queues=True), supervisor
    finally:
        watchdog_pipe.close()


def services(plan: Plan, runtime: Path) -> list[Service]:
    """Valkey, then the estimators, which need it."""
    around = {name: value for name, value in plan.surroundings.items() if name in KEPT or not name.startswith(OURS)}
    around["TMPDIR"] = str(runtime)
    return [
        ephemeral_valkey(runtime / SOCKET, runtime, around),
        *(_estimator(plan, runtime, around, number) for number in range(1, plan.workers + 1)),
    ]


def _estimator(plan: Plan, runtime: Path, around: Mapping[str, str], number: int) -> Service:
    name = f"estimator-{number}"
    heartbeat, broker = runtime / f"{name}.heartbeat", embedded_broker(runtime / SOCKET)
    settings = {
        "ATTRAI_BROKER_URL": broker,
        "ATTRAI_BATCH_ROOT": str(plan.root),
        "ATTRAI_BATCH_SPOOL": str(plan.spool),
        "ATTRAI_BATCH_ROLE": f"batch_estimator_{number}",
        "ATTRAI_REPLICA": name,
        "ATTRAI_HEARTBEAT": str(heartbeat),
    }
    before = partial(_clear_up, broker, settings["ATTRAI_BATCH_ROLE"], heartbeat)
    return Service(name, plan.command, heartbeat.exists, before, (VALKEY,), {**around, **settings})


def _clear_up(broker: str, role: str, heartbeat: Path) -> None:
    """What a dead predecessor left: a sign of life, chunks that it had taken. Raises ServiceError when Valkey is away."""
    heartbeat.unlink(missing_ok=True)
    redeliver_unacked(broker, role)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
