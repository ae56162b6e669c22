"""The edge to the user: a reply takes the place of the waiting message, or is sent as a new message."""

import logging
from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaPhoto
from attrai_shared.contracts import ReplyAddress
from attrai_shared.logs import event

from attrai_bot.delivery.pending_reply import PictureReply, Reply, SendResult
from attrai_bot.state.live_request import NO_MESSAGE, UNREADABLE_ADDRESS
from attrai_bot.telegram.bot_api import FINAL_ERRORS, Fault, fault_of
from attrai_bot.telegram.sending import call_telegram, reply_to

logger = logging.getLogger(__name__)

FILE_NAME = "attrai.jpg"


class ReplySender:
    """Sends replies with one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, address: ReplyAddress, reply: Reply, timeout_s: float) -> SendResult:
        """Retries while Telegram is away; AWAY after `timeout_s`."""
        if address == UNREADABLE_ADDRESS:
            event(logger, "address_unreadable", level=logging.WARNING)
            return SendResult.UNDELIVERABLE
        try:
            is_sent = await call_telegram(partial(self._edit_or_send, address, reply), timeout_s)
        except FINAL_ERRORS as error:
            fault = fault_of(error)
            event(logger, "reply_refused", level=logging.WARNING, fault=fault.value, error=type(error).__name__)
            return SendResult.UNDELIVERABLE if fault is Fault.CHAT_GONE else SendResult.REFUSED
        return SendResult.SENT if is_sent else SendResult.AWAY

    async def _edit_or_send(self, address: ReplyAddress, reply: Reply) -> bool:
        if address.waiting_message_id == NO_MESSAGE or not await self._edited(address, reply):
            await self._send_new(address, reply)
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

    async def _send_new(self, address: ReplyAddress, reply: Reply) -> None:
        below = reply_to(address.photo_message_id)
        if isinstance(reply, str):
            await self._bot.send_message(address.chat_id, reply, reply_parameters=below)
        else:
            await self._bot.send_photo(address.chat_id, _file(reply), caption=reply.caption, reply_parameters=below)


def _file(reply: PictureReply) -> BufferedInputFile:
    return BufferedInputFile(reply.picture, FILE_NAME)
