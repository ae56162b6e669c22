# ruff: noqa: ASYNC109, PLR0911  # aiogram's signatures; one return for each method of Telegram

"""A test double of Telegram: an aiogram session that keeps messages, and fails when a test orders it."""

import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import (
    EditMessageMedia,
    EditMessageText,
    GetFile,
    GetUpdates,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import Chat, File, Message, Update

TOKEN = "42:a-token"  # made up
CHAT = 1001


class FakeTelegram(BaseSession):
    """`texts` and `pictures` are the bot's visible messages by id.

    `calls` counts methods; `order` makes a method fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[int, str] = {}
        self.pictures: dict[int, str] = {}
        self.replied_to: dict[int, int] = {}
        self.files: dict[str, bytes] = {}
        self.updates: dict[int, Update] = {}
        self.offsets: list[int | None] = []
        self.calls: Counter[str] = Counter()
        self.download_error: Exception | None = None
        self._ids = itertools.count(500)
        self._orders: dict[str, list[Callable[[TelegramMethod[Any]], Exception]]] = {}

    def order(self, method: str, *errors: Callable[[TelegramMethod[Any]], Exception]) -> None:
        """The next calls of this method raise these errors, one after the other."""
        self._orders.setdefault(method, []).extend(errors)

    def standing(self, waiting: str = "A photo waits.") -> int:
        """The id of a message that the bot has sent."""
        message_id = next(self._ids)
        self.texts[message_id] = waiting
        return message_id

    def delete(self, message_id: int) -> None:
        """The user deletes a message of the bot."""
        self.texts.pop(message_id, None)
        self.pictures.pop(message_id, None)

    @property
    def said(self) -> list[str]:
        """All visible messages and captions, sorted by id."""
        return [text for _, text in sorted({**self.texts, **self.pictures}.items())]

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        name = type(method).__name__
        self.calls[name] += 1
        if self._orders.get(name):
            raise self._orders[name].pop(0)(method)
        return self._done(bot, method)

    def _done(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        match method:
            case SendMessage():
                return self._sent(bot, method, self.texts, method.text)
            case SendPhoto():
                return self._sent(bot, method, self.pictures, str(method.caption))
            case EditMessageText():
                return self._edited(method, method.text)
            case EditMessageMedia():
                return self._replaced(method)
            case GetFile():
                return File(file_id=method.file_id, file_unique_id="u", file_path=f"photos/{method.file_id}")
            case GetUpdates():
                return self._polled(method)
        return True

    def _sent(self, bot: Bot, method: SendMessage | SendPhoto, shelf: dict[int, str], text: str) -> Message:
        message_id = next(self._ids)
        shelf[message_id] = text
        if method.reply_parameters is not None:
            self.replied_to[message_id] = method.reply_parameters.message_id
        chat = Chat(id=int(method.chat_id), type="private")
        return Message(message_id=message_id, date=datetime.now(UTC), chat=chat, text=text).as_(bot)

    def _edited(self, method: EditMessageText, text: str) -> bool:
        message_id = int(method.message_id or 0)
        if message_id in self.pictures:
            raise bad_request("Bad Request: there is no text in the message to edit")(method)
        if message_id not in self.texts:
            raise bad_request("Bad Request: message to edit not found")(method)
        if self.texts[message_id] == text:
            raise bad_request("Bad Request: message is not modified: specified new message content ...")(method)
        self.texts[message_id] = text
        return True

    def _replaced(self, method: EditMessageMedia) -> bool:
        message_id = int(method.message_id or 0)
        if message_id not in self.texts and message_id not in self.pictures:
            raise bad_request("Bad Request: message to edit not found")(method)
        self.texts.pop(message_id, None)
        self.pictures[message_id] = str(getattr(method.media, "caption", None))
        return True

    def _polled(self, method: GetUpdates) -> list[Update]:
        """Like Telegram, forgets updates below the offset and repeats the rest. Without updates it answers at once."""
        self.offsets.append(method.offset)
        self.updates = {number: update for number, update in self.updates.items() if number >= (method.offset or 0)}
        return [self.updates[number] for number in sorted(self.updates)][: method.limit or 100]

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        data = self.files[url.rsplit("/", 1)[-1]]
        for start in range(0, len(data), chunk_size):
            yield data[start : start + chunk_size]
            if self.download_error is not None:
                raise self.download_error

    async def close(self) -> None:
        """Nothing is open."""


def bad_request(description: str) -> Callable[[TelegramMethod[Any]], Exception]:
    """Status 400 with this description."""
    return lambda method: TelegramBadRequest(method, description)


def forbidden(method: TelegramMethod[Any]) -> Exception:
    """The user has blocked the bot."""
    return TelegramForbiddenError(method, "Forbidden: bot was blocked by the user")


def flood(method: TelegramMethod[Any]) -> Exception:
    """Telegram asks to wait a second."""
    return TelegramRetryAfter(method, "Too Many Requests: retry after 1", retry_after=1)


def network(method: TelegramMethod[Any]) -> Exception:
    """The connection broke."""
    return TelegramNetworkError(method, "ServerDisconnectedError")
