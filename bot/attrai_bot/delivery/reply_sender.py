"""The edge to the user: puts a reply in the place of the waiting message, and insists while Telegram is away."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import TypeVar

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import BufferedInputFile, InputMediaPhoto, ReplyParameters
from attrai_shared.contracts import ReplyAddress
from attrai_shared.logs import event

from attrai_bot.delivery.pending_reply import Delivery, PictureReply, Reply
from attrai_bot.state.live_request import NO_MESSAGE, NOBODY
from attrai_bot.telegram.bot_api import FINAL, TELEGRAM_ERRORS, Fault, fault_of

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the first and between later repetitions; doubled each time, with jitter."""
FILE_NAME = "attrai.jpg"

Sent = TypeVar("Sent")


class ReplySender:
    """Sends replies with one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, address: ReplyAddress, reply: Reply, patience: float) -> Delivery:
        """SENT, UNDELIVERABLE (blocked, chat gone, nobody), REFUSED (the reply is not taken), AWAY after `patience` seconds."""
        if address == NOBODY:
            event(logger, "address_unreadable", level=logging.WARNING)
            return Delivery.UNDELIVERABLE
        try:
            sent = await insist(partial(self._put, address, reply), patience)
        except FINAL as error:
            fault = fault_of(error)
            event(logger, "reply_refused", level=logging.WARNING, fault=fault.value, error=type(error).__name__)
            return Delivery.UNDELIVERABLE if fault is Fault.CHAT_GONE else Delivery.REFUSED
        return Delivery.SENT if sent else Delivery.AWAY

    async def _put(self, address: ReplyAddress, reply: Reply) -> bool:
        if address.waiting_message_id == NO_MESSAGE or not await self._edited(address, reply):
            await self._sent_anew(address, reply)
        return True

    async def _edited(self, address: ReplyAddress, reply: Reply) -> bool:
        """Whether the waiting message now is the reply; False where the user has deleted it."""
        try:
            await self._edit(address, reply)
        except TelegramBadRequest as error:
            fault = fault_of(error)
            if fault is not Fault.ALREADY_THERE and fault is not Fault.MESSAGE_GONE:
                raise
            return fault is Fault.ALREADY_THERE
        return True

    async def _edit(self, address: ReplyAddress, reply: Reply) -> None:
        chat_id, message_id = address.chat_id, address.waiting_message_id
        if isinstance(reply, str):
            await self._bot.edit_message_text(reply, chat_id=chat_id, message_id=message_id)
        else:
            media = InputMediaPhoto(media=_file(reply), caption=reply.caption)
            await self._bot.edit_message_media(media, chat_id=chat_id, message_id=message_id)

    async def _sent_anew(self, address: ReplyAddress, reply: Reply) -> None:
        below = ReplyParameters(message_id=address.photo_message_id, allow_sending_without_reply=True)
        if isinstance(reply, str):
            await self._bot.send_message(address.chat_id, reply, reply_parameters=below)
        else:
            await self._bot.send_photo(address.chat_id, _file(reply), caption=reply.caption, reply_parameters=below)


async def insist(
    call: Callable[[], Awaitable[Sent]], patience: float, final: tuple[type[Exception], ...] = FINAL
) -> Sent | None:
    """The call's answer, asked again after flood control, network and server errors.

    None when the next try would come later than `patience` seconds. Raises errors that are `final`.
    """
    give_up_at = time.monotonic() + patience
    for attempt in count():
        try:
            return await call()
        except final:
            raise
        except TELEGRAM_ERRORS as error:
            pause = _pause(error, attempt)
            event(logger, "telegram_away", level=logging.WARNING, error=type(error).__name__, pause=round(pause, 1))
        if time.monotonic() + pause > give_up_at:
            return None
        await asyncio.sleep(pause)
    return None


def _pause(error: Exception, attempt: int) -> float:
    if isinstance(error, TelegramRetryAfter):
        return float(error.retry_after)
    return float(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret


def _file(reply: PictureReply) -> BufferedInputFile:
    return BufferedInputFile(reply.picture, FILE_NAME)
