"""/stats, for admins alone. Other users get the answer to an unknown command."""

import time
from collections.abc import Set

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import BufferedInputFile, Message

from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.state import RequestStore
from attrai_bot.stats.chart_renderer import ChartRenderer
from attrai_bot.stats.page import stats_caption, stats_page
from attrai_bot.telegram.sending import answer_photo


def statistics_router(admins: Set[int]) -> Router:
    """The handler for these Telegram users."""
    router = Router(name="statistics")
    router.message.register(on_stats, Command("stats"), F.from_user.id.in_(admins))
    return router


async def on_stats(
    message: Message, chat_user: ChatUser, requests: RequestStore, chart_renderer: ChartRenderer
) -> None:
    """Answers with a picture of the last month. Raises RequestStoreUnavailable, DrawingFailedError, TimeoutError."""
    days = await requests.days(time.time())
    picture = BufferedInputFile(await chart_renderer.draw(stats_page(days, chat_user.language)), "stats.png")
    await answer_photo(message, picture, stats_caption(days, chat_user.language))
