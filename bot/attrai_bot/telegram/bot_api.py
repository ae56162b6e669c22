"""The Bot API: how a bot is opened, and what its errors mean."""

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
    TelegramRetryAfter,
)

ALLOWED_UPDATES = ["message", "callback_query"]
"""The kinds of updates that the bot asks for."""
CALL_TIMEOUT_S = 30.0
"""Limit of one call, uploads of 10 MB included."""
DNS_CACHE_S = 30.0
"""How long the server's address is cached. aiogram's default of an hour is too long for a server that moves."""
FINAL_ERRORS = (TelegramBadRequest, TelegramEntityTooLarge, TelegramForbiddenError, TelegramMigrateToChat)
"""Errors that a retry meets again. All others may pass: flood control, network, servers, proxies."""
TELEGRAM_ERRORS = (TelegramAPIError, ClientDecodeError)
"""All that a call may raise. A proxy's HTML page in place of JSON is a decode error."""


def open_bot(token: str, api_url: str) -> Bot:
    """A bot that is used and closed in the event loop of the caller. Raises TokenValidationError."""
    return Bot(token, session=Session(TelegramAPIServer.from_base(api_url)))


class Session(AiohttpSession):
    """aiogram's session with a shorter DNS cache (seconds)."""

    def __init__(self, api: TelegramAPIServer, dns_cache_s: float = DNS_CACHE_S) -> None:
        super().__init__(api=api, timeout=CALL_TIMEOUT_S)
        self._connector_init["ttl_dns_cache"] = dns_cache_s


class Fault(StrEnum):
    """What a final error means for a reply."""

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
"""By words in the description, since status 400 has no codes.

A message without text is a picture: the reply is there.
"""


def fault_of(error: Exception) -> Fault:
    """What one of the `FINAL_ERRORS` means."""
    if isinstance(error, TelegramForbiddenError | TelegramMigrateToChat):
        return Fault.CHAT_GONE
    description = str(error).lower()
    return next((fault for words, fault in FAULTS.items() if words in description), Fault.REFUSED)


def retry_after(error: BaseException) -> float | None:
    """Seconds that flood control asks to wait; None for another error."""
    return float(error.retry_after) if isinstance(error, TelegramRetryAfter) else None
