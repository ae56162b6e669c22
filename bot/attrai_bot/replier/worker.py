"""The replier process from start to stop: a Celery worker whose threads wait while one event loop delivers."""

from dataclasses import dataclass
from functools import partial

from aiogram import Bot
from attrai_shared.contracts import AfterEstimate
from attrai_shared.photo_store import PhotoStore
from attrai_shared.queues import AFTER_ESTIMATE, DEAD_LETTERS, celery_app
from celery import Celery, signals

from attrai_bot.background import BackgroundTasks, touch_heartbeat
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.replier.loop_thread import LoopThread
from attrai_bot.replier.queue_metrics import watch_queue
from attrai_bot.replier.reaper import Reaper
from attrai_bot.replier.tasks import GivenUpTask, ReplyTask
from attrai_bot.settings import BotSettings
from attrai_bot.state import RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.telegram.bot_api import open_bot

CONCURRENCY = 32
"""Deliveries that run side by side."""
DELIVERY_DRAIN_TIMEOUT_S = 7.0
"""How long deliveries have to finish at stop. The broker delivers the messages of the others again."""
REPLY_TIMEOUT_S = 240.0
"""A delivery that takes longer goes back to the queue. Shorter than the broker's visibility timeout."""


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
    signals.worker_shutting_down.connect(lambda **_: loop.cancel_in(DELIVERY_DRAIN_TIMEOUT_S), weak=False)
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


@dataclass(slots=True)
class ReplierContext:
    """All parts belong to one event loop."""

    bot: Bot
    requests: RequestStore
    reply_service: ReplyService
    background: BackgroundTasks
    cipher: AddressCipher

    async def reply(self, message: AfterEstimate) -> Delivery:
        """Delivers the outcome. Raises RefusedMessage for an address that this bot did not encrypt."""
        pending = PendingReply.of_message(message, self.cipher)
        return await self.reply_service.deliver(pending, message.failure, REPLY_TIMEOUT_S)

    async def close(self) -> None:
        await self.background.stop()
        await self.bot.session.close()
        await self.requests.close()


async def open_context(settings: BotSettings) -> ReplierContext:
    """Opens everything and starts the background tasks, in the loop that runs all deliveries."""
    bot = open_bot(settings.bot_token.get_secret_value(), settings.bot_api_url)
    requests = RequestStore.at(settings.redis_url.get_secret_value(), settings.limits, settings.cipher)
    store = PhotoStore(settings.photo_store)
    reply_service = ReplyService(requests, store, ReplySender(bot), settings.text_params)
    background = BackgroundTasks()
    background.start(Reaper(requests, store, reply_service, settings.lifetime).run)
    background.start(partial(watch_queue, requests))
    background.start(partial(touch_heartbeat, settings.heartbeat))
    return ReplierContext(bot, requests, reply_service, background, settings.cipher)
