"""The estimator's worker: Celery with one child, one core and one queue. It consumes once its networks are warm."""

import logging
import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Protocol

from attrai_shared.logs import LogPipeline, LogTarget, configure_logs, event
from attrai_shared.queues import TO_EMBED, TO_ESTIMATE, celery_app
from celery import Celery, bootsteps, signals

from attrai_estimator.batch.faces import LocateFaces, locate_faces
from attrai_estimator.batch.task import EmbedTask
from attrai_estimator.networks.manifest import read_manifest, verified_file
from attrai_estimator.pipeline import Pipeline, estimate
from attrai_estimator.process import run_when_idle
from attrai_estimator.settings import BatchEstimatorSettings, EstimatorSettings, NetworkSettings
from attrai_estimator.worker.heartbeat import WorkerHeartbeat, heartbeat_step
from attrai_estimator.worker.replica_registry import connect
from attrai_estimator.worker.task import EstimateTask

logger = logging.getLogger(__name__)

WARM_UP_TIMEOUT_S = 60.0
"""A child may take this long to load its networks."""


class LoadingTask(Protocol):
    """A Celery task that loads what it needs in the worker's child. Raises WrongNetworkFile."""

    def load(self) -> object: ...


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What makes a worker: its service in the logs, its role on the broker, the queue it consumes, the task it runs."""

    service: str
    role: str
    queue: str
    task: LoadingTask


def run_worker(settings: EstimatorSettings, pipeline: Pipeline = estimate) -> int:
    """Estimate people's photos until a signal stops the worker; returns the exit status.

    Raises WrongNetworkFile before it consumes anything.
    """
    spec = WorkerSpec("estimator", "estimator", TO_ESTIMATE, EstimateTask(settings, pipeline))
    redis = connect(settings.redis_url.get_secret_value())
    return _consume(settings, spec, WorkerHeartbeat(redis, settings.replica, settings.heartbeat))


def run_batch_worker(settings: BatchEstimatorSettings, locate: LocateFaces = locate_faces) -> int:
    """The same for chunks of data sets. It does not register: no ETA for people counts it."""
    if settings.batch_idle:
        run_when_idle()
    spec = WorkerSpec("batch_estimator", settings.batch_role, TO_EMBED, EmbedTask(settings, locate))
    return _consume(settings, spec, WorkerHeartbeat(None, settings.replica, settings.heartbeat))


def _consume(settings: NetworkSettings, spec: WorkerSpec, heartbeat: WorkerHeartbeat) -> int:
    logs = _configure_logs(spec.service, settings)
    for record in read_manifest(settings.models).networks.values():
        verified_file(settings.models, record)
    worker = _app(settings, spec, heartbeat).Worker(
        hostname=f"{spec.role}@{settings.replica}",
        pool_cls="prefork",
        concurrency=1,
        queues=[spec.queue],
        max_memory_per_child=settings.memory_limit * 1024,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    heartbeat.start()
    try:
        worker.start()
    finally:
        heartbeat.stop()
        logs.stop()
    return int(worker.exitcode or 0)


def _app(settings: NetworkSettings, spec: WorkerSpec, heartbeat: WorkerHeartbeat) -> Celery:
    app = celery_app(spec.role, settings.broker_url.get_secret_value(), declare_queues=settings.declare_queues)
    app.conf.worker_proc_alive_timeout = WARM_UP_TIMEOUT_S
    app.register_task(spec.task)
    warm = multiprocessing.get_context("fork").Event()
    signals.setup_logging.connect(_keep_logging, weak=False)
    signals.worker_process_init.connect(_child_start(settings, spec, warm), weak=False)
    app.steps["worker"].add(_warm_up_step(warm))
    app.steps["consumer"].add(heartbeat_step(heartbeat))
    return app


def _child_start(settings: NetworkSettings, spec: WorkerSpec, warm: Event) -> object:
    def start(**_: object) -> None:
        logs = _configure_logs(spec.service, settings)
        signals.worker_process_shutdown.connect(lambda **_: logs.stop(), weak=False)
        try:
            spec.task.load()
        except Exception:  # noqa: BLE001  # Celery would keep a child that has no networks
            event(logger, "warm_up_failed", level=logging.ERROR, exc_info=True)
            logs.stop()
            os._exit(1)
        warm.set()

    return start


def _warm_up_step(warm: Event) -> type[bootsteps.StartStopStep]:
    class WarmUpStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
        """Runs between the start of the pool and of the consumer: the networks load before any message is taken."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: object) -> None:
            if not warm.wait(WARM_UP_TIMEOUT_S):
                raise SystemExit("the networks did not load in time; the log says why")
            event(logger, "estimator_ready")

    return WarmUpStep


def _keep_logging(**_: object) -> None:
    """A receiver of this signal stops Celery from configuring logging."""


def _configure_logs(service: str, settings: NetworkSettings) -> LogPipeline:
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    return configure_logs(
        service, replica=settings.replica, version=settings.version, level=settings.log_level, graylog=target
    )
