"""The intake process from start to stop."""

import asyncio
import logging
import math
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import Update
from aiogram.utils.token import TokenValidationError
from attrai_shared.logs import event
from attrai_shared.photo_store import PhotoStore
from attrai_shared.queues import celery_app

from attrai_bot.background import BackgroundTasks, touch_heartbeat
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.conversation import publish_menu
from attrai_bot.intake.dispatcher import make_dispatcher
from attrai_bot.intake.photo_intake import PhotoIntake
from attrai_bot.intake.polling import Handle, Poller
from attrai_bot.intake.publisher import Publisher
from attrai_bot.intake.waiting_messages import WaitingMessageUpdater
from attrai_bot.intake.webhook import path_of, served, webhook_app
from attrai_bot.settings import BotSettings
from attrai_bot.state import RequestStore
from attrai_bot.telegram.bot_api import ALLOWED_UPDATES, FINAL_ERRORS, open_bot
from attrai_bot.telegram.sending import call_telegram

logger = logging.getLogger(__name__)

WRONG_TOKEN = (TelegramUnauthorizedError, TelegramNotFound)
"""Telegram's errors for an unknown token, and for a malformed one."""
HANDLER_TIMEOUT_S = 480.0
"""Longer than all timeouts of a handler's steps. Until it ends, later updates are not confirmed."""


async def run_intake(settings: BotSettings) -> int:
    """Handles updates until a signal stops it. Returns the exit status: 1 for a token that Telegram refuses."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with open_intake(settings) as (bot, handle):
            await serve(bot, handle, settings, stop)
    except (TokenValidationError, *WRONG_TOKEN):
        event(
            logger,
            "token_refused",
            level=logging.ERROR,
            hint="ATTRAI_BOT_TOKEN is not a token that this Bot API server knows",
        )
        return 1
    return 0


@asynccontextmanager
async def open_intake(settings: BotSettings) -> AsyncIterator[tuple[Bot, Handle]]:
    """The bot and the handler of its updates, with the background tasks running."""
    bot = open_bot(settings.bot_token.get_secret_value(), settings.bot_api_url)
    requests = RequestStore.at(settings.redis_url.get_secret_value(), settings.limits, settings.cipher)
    store = PhotoStore(settings.photo_store)
    publisher = Publisher(
        celery_app("bot", settings.broker_url.get_secret_value(), declare_queues=settings.declare_queues)
    )
    reply_service = ReplyService(requests, store, ReplySender(bot), settings.text_params)
    intake = PhotoIntake(
        bot, requests, store, publisher, reply_service, settings.cipher, settings.text_params, settings.lifetime
    )
    background = BackgroundTasks()
    for task in (
        publisher.declare,
        partial(publish_menu, bot),
        WaitingMessageUpdater(bot, requests, settings.text_params).run,
        partial(touch_heartbeat, settings.heartbeat),
    ):
        background.start(task)
    try:
        yield bot, partial(_handle, make_dispatcher(intake, settings), bot)
    finally:
        await background.stop()
        await bot.session.close()
        await requests.close()


async def serve(bot: Bot, handle: Handle, settings: BotSettings, stop: asyncio.Event) -> None:
    """Polls, or listens for the webhook, until `stop` is set. Raises Telegram's errors for a wrong token."""
    secret = settings.webhook_secret
    if settings.webhook_url is None or secret is None:
        if await _registered(partial(bot.delete_webhook, drop_pending_updates=False), stop):
            event(logger, "intake_ready", by="polling")
            await Poller(bot, handle).run(stop)
        return
    url, word = settings.webhook_url, secret.get_secret_value()
    async with served(webhook_app(bot, handle, path_of(url), word), settings.webhook_host, settings.webhook_port):
        if await _registered(partial(bot.set_webhook, url, secret_token=word, allowed_updates=ALLOWED_UPDATES), stop):
            event(logger, "intake_ready", by="webhook")
            await stop.wait()


async def _registered(call: Callable[[], Awaitable[bool]], stop: asyncio.Event) -> bool:
    """Tells Telegram how it delivers updates, and retries without a limit. False once `stop` is set."""
    registering = asyncio.create_task(call_telegram(call, math.inf, (*FINAL_ERRORS, *WRONG_TOKEN)))
    stopping = asyncio.create_task(stop.wait())
    done, others = await asyncio.wait({registering, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    return registering in done and bool(registering.result())


async def _handle(dispatcher: Dispatcher, bot: Bot, update: Update) -> None:
    """Handles an update once, whether it succeeds or fails.

    Only a cancelled handler leaves it to be delivered again.
    """
    try:
        async with asyncio.timeout(HANDLER_TIMEOUT_S):
            await dispatcher.feed_update(bot, update)
    except Exception:  # noqa: BLE001  # the error handlers have failed too
        event(logger, "update_failed", level=logging.ERROR, exc_info=True)
