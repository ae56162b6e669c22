"""The estimator's worker: Celery with one child process, one core, one queue, ready only when its networks are warm."""

import logging
import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Protocol

from attrai_shared.logs import LogPipeline, LogTarget, configure_logs, event
from attrai_shared.queues import TO_EMBED, TO_ESTIMATE, celery_app
from celery import Celery, bootsteps, signals

from attrai_estimator.chunks.faces import Locate, locate
from attrai_estimator.chunks.task import EmbedTask
from attrai_estimator.life import Life, loop_step
from attrai_estimator.networks.manifest import read_manifest, verified_file
from attrai_estimator.pipeline import Pipeline, estimate
from attrai_estimator.presence import connect
from attrai_estimator.settings import BatchEstimatorSettings, EstimatorSettings, NetworkSettings
from attrai_estimator.tasks import EstimateTask
from attrai_estimator.urgency import yield_processor

logger = logging.getLogger(__name__)

WARM_UP = 60.0
"""Seconds that a child may take to load its networks."""


class WarmTask(Protocol):
    """A Celery task that loads what it needs in the worker's child. Raises WrongNetworkFile."""

    def open_desk(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Post:
    """Where a worker stands: its name in the logs, its role on the broker, the queue that it consumes, and the task that does the work."""

    service: str
    role: str
    queue: str
    task: WarmTask


def run_worker(settings: EstimatorSettings, pipeline: Pipeline = estimate) -> int:
    """Estimates people's photos until a signal stops it; returns the exit status. Raises WrongNetworkFile before it consumes anything."""
    life = Life(connect(settings.redis_url.get_secret_value()), settings.replica, settings.heartbeat)
    return _consume(settings, Post("estimator", "estimator", TO_ESTIMATE, EstimateTask(settings, pipeline)), life)


def run_batch_worker(settings: BatchEstimatorSettings, locate_faces: Locate = locate) -> int:
    """The same for chunks of data sets. No forecast for people counts on it, so it announces itself nowhere."""
    if settings.batch_idle:
        yield_processor()
    life = Life(None, settings.replica, settings.heartbeat)
    return _consume(
        settings, Post("batch_estimator", settings.batch_role, TO_EMBED, EmbedTask(settings, locate_faces)), life
    )


def _consume(settings: NetworkSettings, post: Post, life: Life) -> int:
    logs = _configure_logs(post.service, settings)
    for record in read_manifest(settings.models).networks.values():
        verified_file(settings.models, record)
    worker = _app(settings, post, life).Worker(
        hostname=f"{post.role}@{settings.replica}",
        pool_cls="prefork",
        concurrency=1,
        queues=[post.queue],
        max_memory_per_child=settings.memory_limit * 1024,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    life.start()
    try:
        worker.start()
    finally:
        life.stop()
        logs.stop()
    return int(worker.exitcode or 0)


def _app(settings: NetworkSettings, post: Post, life: Life) -> Celery:
    app = celery_app(post.role, settings.broker_url.get_secret_value(), declare_queues=settings.declare_queues)
    app.conf.worker_proc_alive_timeout = WARM_UP
    app.register_task(post.task)
    warm = multiprocessing.get_context("fork").Event()
    signals.setup_logging.connect(_keep_logging, weak=False)
    signals.worker_process_init.connect(_child_start(settings, post, warm), weak=False)
    app.steps["worker"].add(_warm_step(warm))
    app.steps["consumer"].add(loop_step(life))
    return app


def _child_start(settings: NetworkSettings, post: Post, warm: Event) -> object:
    def start(**_: object) -> None:
        logs = _configure_logs(post.service, settings)
        signals.worker_process_shutdown.connect(lambda **_: logs.stop(), weak=False)
        try:
            post.task.open_desk()
        except Exception:  # noqa: BLE001  # Celery would go on with a child that has no networks
            event(logger, "warm_up_failed", level=logging.ERROR, exc_info=True)
            logs.stop()
            os._exit(1)
        warm.set()

    return start


def _warm_step(warm: Event) -> type[bootsteps.StartStopStep]:
    class Warm(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
        """Between the pool's start and the consumer's: nothing is taken from the queue before the networks are loaded."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: object) -> None:
            if not warm.wait(WARM_UP):
                raise SystemExit("the networks did not load in time; the log says why")
            event(logger, "estimator_ready")

    return Warm


def _keep_logging(**_: object) -> None:
    """Celery leaves logging alone when somebody listens to this signal."""


def _configure_logs(service: str, settings: NetworkSettings) -> LogPipeline:
    target = None if settings.graylog_url is None else LogTarget.parse(settings.graylog_url)
    return configure_logs(
        service, replica=settings.replica, version=settings.version, level=settings.log_level, graylog=target
    )
