"""Calls to the Bot API that are retried while Telegram is away, and answers that need no request."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, Message, ReplyParameters
from attrai_shared.logs import event
from attrai_shared.retry import RetryPolicy

from attrai_bot.telegram.bot_api import FINAL_ERRORS, TELEGRAM_ERRORS, retry_after

logger = logging.getLogger(__name__)

USER_ANSWER_TIMEOUT_S = 90.0
"""How long an answer is retried: longer than most flood control and short outages of Telegram."""

Result = TypeVar("Result")


def _log_away(error: BaseException, pause: float | None = None) -> None:
    rounded = None if pause is None else round(pause, 1)
    event(logger, "telegram_away", level=logging.WARNING, error=type(error).__name__, pause=rounded)


TELEGRAM_RETRY = RetryPolicy(
    on=TELEGRAM_ERRORS,
    never_on=FINAL_ERRORS,
    first_pause_s=0.5,
    longest_pause_s=30.0,
    jitter=True,
    asked_pause=retry_after,
    on_retry=_log_away,
)
"""For flood control, network errors and server errors."""


async def call_telegram(
    call: Callable[[], Awaitable[Result]], timeout_s: float, final: tuple[type[Exception], ...] = FINAL_ERRORS
) -> Result | None:
    """The call's result, or None when Telegram is still away after `timeout_s`. Raises errors that are `final`."""
    try:
        return await replace(TELEGRAM_RETRY, never_on=final).call_async(call, timeout_s=timeout_s)
    except final:
        raise
    except TELEGRAM_ERRORS as error:
        _log_away(error)
        return None


async def answer(message: Message, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Sends the text as a reply to the message. A user who cannot be reached gets none."""
    with suppress(*FINAL_ERRORS):
        await call_telegram(
            lambda: message.answer(text, reply_parameters=reply_to(message.message_id), reply_markup=keyboard),
            USER_ANSWER_TIMEOUT_S,
        )


async def answer_photo(message: Message, photo: BufferedInputFile, caption: str) -> None:
    """Sends the photo as a reply to the message. A user who cannot be reached gets none."""
    with suppress(*FINAL_ERRORS):
        await call_telegram(
            lambda: message.answer_photo(photo, caption=caption, reply_parameters=reply_to(message.message_id)),
            USER_ANSWER_TIMEOUT_S,
        )


def reply_to(message_id: int) -> ReplyParameters:
    """Shows a message as a reply to this one, or as a plain message where the user has deleted this one."""
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
