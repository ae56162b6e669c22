"""/stats, for admins alone; to everybody else it is a command that we do not have."""

import time
from collections.abc import Set
from contextlib import suppress

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message, ReplyParameters

from attrai_bot.intake.people import Person
from attrai_bot.intake.speech import PATIENCE
from attrai_bot.quotas import Ledger
from attrai_bot.replies.sender import insist
from attrai_bot.stats.easel import Easel
from attrai_bot.stats.page import caption_of, page_of
from attrai_bot.telegram import FINAL


def statistics_router(admins: Set[int]) -> Router:
    """The handler, deaf to all but these users of Telegram's."""
    router = Router(name="statistics")
    router.message.register(on_stats, Command("stats"), F.from_user.id.in_(admins))
    return router


async def on_stats(message: Message, person: Person, ledger: Ledger, easel: Easel) -> None:
    """The last month as a picture. Raises RequestStoreUnavailable, DrawingFailedError, TimeoutError."""
    days = await ledger.days(time.time())
    picture = BufferedInputFile(await easel.draw(page_of(days, person.language)), "stats.png")
    caption = caption_of(days, person.language)
    below = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    with suppress(*FINAL):
        await insist(lambda: message.answer_photo(picture, caption=caption, reply_parameters=below), PATIENCE)
