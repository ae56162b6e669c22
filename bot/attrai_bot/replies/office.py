"""All that replies need, opened in one event loop: the bot, the ledger, the courier, the reaper."""

from dataclasses import dataclass
from functools import partial

from aiogram import Bot
from attrai_shared.contracts import AfterEstimate
from attrai_shared.photo_store import PhotoStore

from attrai_bot.chores import Chores, beat
from attrai_bot.quotas import Ledger
from attrai_bot.replies.courier import Courier
from attrai_bot.replies.gauge import watch_queue
from attrai_bot.replies.letter import Delivery, letter_of_message
from attrai_bot.replies.reaper import Reaper
from attrai_bot.replies.sender import Sender
from attrai_bot.seal import Seal
from attrai_bot.settings import BotSettings
from attrai_bot.telegram import open_bot

PATIENCE = 240.0
"""Seconds after which a delivery goes back to the queue: less than the broker's visibility timeout."""


@dataclass(slots=True)
class Office:
    """The replier's working parts, all of one event loop."""

    bot: Bot
    ledger: Ledger
    courier: Courier
    chores: Chores
    seal: Seal

    async def reply(self, message: AfterEstimate) -> Delivery:
        """Delivers the outcome. Raises RefusedMessage for an address not sealed by us."""
        return await self.courier.deliver(letter_of_message(message, self.seal), message.failure, PATIENCE)

    async def close(self) -> None:
        await self.chores.stop()
        await self.bot.session.close()
        await self.ledger.close()


async def open_office(settings: BotSettings) -> Office:
    """Opens everything and starts the reaper, the gauge and the heartbeat. Must run in the loop that all work runs in."""
    bot = open_bot(settings)
    ledger = Ledger.at(settings.redis_url.get_secret_value(), settings.limits, settings.seal)
    store = PhotoStore(settings.photo_store)
    courier = Courier(ledger, store, Sender(bot), settings.figures)
    reaper = Reaper(ledger, store, courier, settings.lifetime)
    chores = Chores()
    chores.start(reaper.run)
    chores.start(partial(watch_queue, ledger))
    chores.start(partial(beat, settings.heartbeat))
    return Office(bot, ledger, courier, chores, settings.seal)
