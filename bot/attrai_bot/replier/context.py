"""What the replier needs to deliver, opened in one event loop."""

from dataclasses import dataclass
from functools import partial

from aiogram import Bot
from attrai_shared.contracts import AfterEstimate
from attrai_shared.photo_store import PhotoStore

from attrai_bot.background import BackgroundTasks, touch_heartbeat
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.replier.queue_metrics import watch_queue
from attrai_bot.replier.reaper import Reaper
from attrai_bot.settings import BotSettings
from attrai_bot.state import RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.telegram.bot_api import open_bot

REPLY_TIMEOUT_S = 240.0
"""A delivery that takes longer goes back to the queue. Shorter than the broker's visibility timeout."""


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
    """Opens everything and starts the reaper, the queue metrics and the heartbeat, in the loop that runs all deliveries."""
    bot = open_bot(settings.bot_token.get_secret_value(), settings.bot_api_url)
    requests = RequestStore.at(settings.redis_url.get_secret_value(), settings.limits, settings.cipher)
    store = PhotoStore(settings.photo_store)
    reply_service = ReplyService(requests, store, ReplySender(bot), settings.text_params)
    background = BackgroundTasks()
    background.start(Reaper(requests, store, reply_service, settings.lifetime).run)
    background.start(partial(watch_queue, requests))
    background.start(partial(touch_heartbeat, settings.heartbeat))
    return ReplierContext(bot, requests, reply_service, background, settings.cipher)
