"""Who speaks: the hash that stands for the user, and the language to answer in. Known to every handler as `person`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User
from attrai_shared import keys
from attrai_shared.contracts import Language
from attrai_shared.errors import RequestStoreUnavailable

from attrai_bot.quotas import Ledger
from attrai_bot.texts import choose

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]  # aiogram's own signature


@dataclass(frozen=True, slots=True)
class Person:
    """A user, without anything that Telegram knows them by."""

    user: str
    language: Language


class People(BaseMiddleware):
    """Stands before all handlers of updates, and so before the error handlers too."""

    def __init__(self, ledger: Ledger, hash_key: bytes) -> None:
        self._ledger, self._hash_key = ledger, hash_key

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Updates of nobody (channels, services) are dropped."""
        user: User | None = data.get("event_from_user")
        if user is None:
            return None
        data["person"] = await self._person(user)
        return await handler(event, data)

    async def _person(self, user: User) -> Person:
        name = keys.user_hash(user.id, self._hash_key)
        return Person(name, await self._chosen(name) or choose(user.language_code))

    async def _chosen(self, name: str) -> Language | None:
        try:
            return await self._ledger.language(name)
        except RequestStoreUnavailable:
            return None
