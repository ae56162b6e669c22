"""The user of an update: the hash that the service knows them by, and their language.

Handlers get it as `chat_user`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User
from attrai_shared import keys
from attrai_shared.contracts import Language
from attrai_shared.errors import RequestStoreUnavailable

from attrai_bot.state import RequestStore
from attrai_bot.texts import choose_language

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]  # aiogram's own signature


@dataclass(frozen=True, slots=True)
class ChatUser:
    """A user without anything that identifies them at Telegram."""

    hash: str
    language: Language


class UserMiddleware(BaseMiddleware):
    """Runs before all handlers of updates, and so before the error handlers too."""

    def __init__(self, requests: RequestStore, hash_key: bytes) -> None:
        self._requests, self._hash_key = requests, hash_key

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Drops updates without a user (channels, services)."""
        user: User | None = data.get("event_from_user")
        if user is None:
            return None
        data["chat_user"] = await self._chat_user(user)
        return await handler(event, data)

    async def _chat_user(self, user: User) -> ChatUser:
        user_hash = keys.user_hash(user.id, self._hash_key)
        return ChatUser(user_hash, await self._chosen_language(user_hash) or choose_language(user.language_code))

    async def _chosen_language(self, user_hash: str) -> Language | None:
        try:
            return await self._requests.language(user_hash)
        except RequestStoreUnavailable:
            return None
