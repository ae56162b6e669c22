"""The edge to the Bot API: how a bot is made, and which of its errors may pass by themselves."""

from enum import StrEnum

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
)

ALLOWED_UPDATES = ["message", "callback_query"]
"""What the bot wants to hear of."""
TIMEOUT = 30.0
"""Seconds that one call may take, uploads of 10 MB included."""
ADDRESS_KEPT = 30.0
"""Seconds for which the Bot API server's address is remembered; aiogram's own hour outlives a server that has moved."""
FINAL = (TelegramBadRequest, TelegramEntityTooLarge, TelegramForbiddenError, TelegramMigrateToChat)
"""Errors that the same call would meet again; all others may pass: flood control, network, servers, proxies."""
TELEGRAM_ERRORS = (TelegramAPIError, ClientDecodeError)
"""All that a call may raise; a proxy's page in place of JSON is a decode error."""


def open_bot(token: str, api_url: str) -> Bot:
    """A bot for this token; must be made and closed in the event loop that uses it. Raises TokenValidationError."""
    api = TelegramAPIServer.from_base(api_url)
    return Bot(token, session=Session(api))


class Session(AiohttpSession):
    """aiogram's session, but for how long it remembers an address (seconds)."""

    def __init__(self, api: TelegramAPIServer, address_kept: float = ADDRESS_KEPT) -> None:
        super().__init__(api=api, timeout=TIMEOUT)
        self._connector_init["ttl_dns_cache"] = address_kept


class Fault(StrEnum):
    """What a refusal by Telegram means for a reply."""

    ALREADY_THERE = "already_there"
    MESSAGE_GONE = "message_gone"
    CHAT_GONE = "chat_gone"
    REFUSED = "refused"


FAULTS = {
    "message is not modified": Fault.ALREADY_THERE,
    "there is no text in the message to edit": Fault.ALREADY_THERE,
    "message to edit not found": Fault.MESSAGE_GONE,
    "message can't be edited": Fault.MESSAGE_GONE,
    "message_id_invalid": Fault.MESSAGE_GONE,
    "chat not found": Fault.CHAT_GONE,
    "user not found": Fault.CHAT_GONE,
    "peer_id_invalid": Fault.CHAT_GONE,
    "user is deactivated": Fault.CHAT_GONE,
    "not enough rights": Fault.CHAT_GONE,
    "have no rights": Fault.CHAT_GONE,
}
"""Words in the descriptions of status 400, which have no codes.

A message without text is a picture: the reply was there before.
"""


def fault_of(error: Exception) -> Fault:
    """What one of the `FINAL` errors means."""
    if isinstance(error, TelegramForbiddenError | TelegramMigrateToChat):
        return Fault.CHAT_GONE
    description = str(error).lower()
    return next((fault for words, fault in FAULTS.items() if words in description), Fault.REFUSED)
