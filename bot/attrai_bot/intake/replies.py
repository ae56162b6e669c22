"""Sentences that answer a message at once, with no request behind them."""

from contextlib import suppress

from aiogram.types import InlineKeyboardMarkup, Message, ReplyParameters

from attrai_bot.delivery.reply_sender import insist
from attrai_bot.telegram.bot_api import FINAL

PATIENCE = 90.0
"""Seconds for which a sentence is tried, flood control and short outages of Telegram included."""


async def answer(message: Message, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Sends the text below the message it answers."""
    below = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    with suppress(*FINAL):
        await insist(lambda: message.answer(text, reply_parameters=below, reply_markup=keyboard), PATIENCE)
