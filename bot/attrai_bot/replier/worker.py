"""The replier: a Celery worker whose threads wait while one event loop sends."""

import logging

from attrai_shared.queues import AFTER_ESTIMATE, DEAD_LETTERS, celery_app
from celery import Celery, signals

from attrai_bot.replier.context import open_context
from attrai_bot.replier.loop_thread import LoopThread
from attrai_bot.replier.tasks import GivenUpTask, ReplyTask
from attrai_bot.settings import BotSettings

logger = logging.getLogger(__name__)

CONCURRENCY = 32
"""Deliveries that run side by side."""
DRAIN_TIMEOUT_S = 7.0
"""How long deliveries may finish at stop. The broker delivers the messages of the others again."""


def run_replier(settings: BotSettings) -> int:
    """Consumes until a signal stops it; returns the exit status."""
    loop = LoopThread()
    context = loop.run(open_context(settings))
    app = _app(settings)
    for task in (ReplyTask, GivenUpTask):
        app.register_task(task(lambda message: loop.run(context.reply(message))))
    worker = app.Worker(
        hostname=f"replier@{settings.replica}",
        pool_cls="threads",
        concurrency=CONCURRENCY,
        queues=[AFTER_ESTIMATE, DEAD_LETTERS],
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    signals.worker_shutting_down.connect(lambda **_: loop.cancel_in(DRAIN_TIMEOUT_S), weak=False)
    try:
        worker.start()
    finally:
        loop.close(context.close())
    return int(worker.exitcode or 0)


def _app(settings: BotSettings) -> Celery:
    signals.setup_logging.connect(_keep_logging, weak=False)
    return celery_app("replier", settings.broker_url.get_secret_value(), declare_queues=settings.declare_queues)


def _keep_logging(**_: object) -> None:
    """Celery does not configure logging when this signal has a receiver."""
