"""/stats, for admins alone; to everybody else it is a command that we do not have."""

import time
from collections.abc import Set
from contextlib import suppress

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message, ReplyParameters

from attrai_bot.delivery.reply_sender import insist
from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.replies import PATIENCE
from attrai_bot.state import RequestStore
from attrai_bot.stats.chart_renderer import ChartRenderer
from attrai_bot.stats.page import stats_caption, stats_page
from attrai_bot.telegram.bot_api import FINAL


def statistics_router(admins: Set[int]) -> Router:
    """The handler, deaf to all but these users of Telegram's."""
    router = Router(name="statistics")
    router.message.register(on_stats, Command("stats"), F.from_user.id.in_(admins))
    return router


async def on_stats(
    message: Message, chat_user: ChatUser, requests: RequestStore, chart_renderer: ChartRenderer
) -> None:
    """The last month as a picture. Raises RequestStoreUnavailable, DrawingFailedError, TimeoutError."""
    days = await requests.days(time.time())
    picture = BufferedInputFile(await chart_renderer.draw(stats_page(days, chat_user.language)), "stats.png")
    caption = stats_caption(days, chat_user.language)
    below = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    with suppress(*FINAL):
        await insist(lambda: message.answer_photo(picture, caption=caption, reply_parameters=below), PATIENCE)
