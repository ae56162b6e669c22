"""Sentences that answer a message at once, with no request behind them."""

from contextlib import suppress

from aiogram.types import InlineKeyboardMarkup, Message, ReplyParameters

from attrai_bot.replies.sender import insist
from attrai_bot.telegram import FINAL

PATIENCE = 10.0
"""Seconds for which a sentence is tried; a user that cannot be reached by then asks again."""


async def answer(message: Message, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Sends the text below the message it answers."""
    below = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
    with suppress(*FINAL):
        await insist(lambda: message.answer(text, reply_parameters=below, reply_markup=keyboard), PATIENCE)
