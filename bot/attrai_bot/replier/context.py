"""All that replies need, opened in one event loop: the bot, the request store, the reply service, the reaper."""

from dataclasses import dataclass
from functools import partial

from aiogram import Bot
from attrai_shared.contracts import AfterEstimate
from attrai_shared.photo_store import PhotoStore

from attrai_bot.background import BackgroundTasks, touch_heartbeat
from attrai_bot.delivery.pending_reply import Delivery, pending_reply_of_message
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.replier.queue_metrics import watch_queue
from attrai_bot.replier.reaper import Reaper
from attrai_bot.settings import BotSettings
from attrai_bot.state import RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.telegram.bot_api import open_bot

PATIENCE = 240.0
"""Seconds after which a delivery goes back to the queue: less than the broker's visibility timeout."""


@dataclass(slots=True)
class ReplierContext:
    """The replier's working parts, all of one event loop."""

    bot: Bot
    requests: RequestStore
    reply_service: ReplyService
    background: BackgroundTasks
    cipher: AddressCipher

    async def reply(self, message: AfterEstimate) -> Delivery:
        """Delivers the outcome. Raises RefusedMessage for an address not sealed by us."""
        return await self.reply_service.deliver(
            pending_reply_of_message(message, self.cipher), message.failure, PATIENCE
        )

    async def close(self) -> None:
        await self.background.stop()
        await self.bot.session.close()
        await self.requests.close()


async def open_context(settings: BotSettings) -> ReplierContext:
    """Opens everything and starts the reaper, the queue_metrics and the heartbeat. Must run in the loop that all work runs in."""
    bot = open_bot(settings.bot_token.get_secret_value(), settings.bot_api_url)
    requests = RequestStore.at(settings.redis_url.get_secret_value(), settings.limits, settings.cipher)
    store = PhotoStore(settings.photo_store)
    reply_service = ReplyService(requests, store, ReplySender(bot), settings.text_params)
    reaper = Reaper(requests, store, reply_service, settings.lifetime)
    background = BackgroundTasks()
    background.start(reaper.run)
    background.start(partial(watch_queue, requests))
    background.start(partial(touch_heartbeat, settings.heartbeat))
    return ReplierContext(bot, requests, reply_service, background, settings.cipher)
