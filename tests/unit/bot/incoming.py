"""Updates as Telegram sends them, and the types of fixtures that take them."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import redis
from aiogram.types import Chat, Message, PhotoSize, User
from attrai_shared.contracts import ToEstimate

from tests.unit.bot.telegram_double import CHAT

PHOTO = b"the bytes of a photo"
UPDATES = itertools.count(1)
MESSAGES = itertools.count(7)
Feed = Callable[..., Awaitable[None]]
Queue = Callable[[], list[ToEstimate]]
Database = redis.Redis


def message(*, user: int = 1, language_code: str = "en", **content: object) -> Message:
    sender = User(id=user, is_bot=False, first_name="Ada", language_code=language_code)
    fields = {
        "message_id": next(MESSAGES),
        "date": datetime.now(UTC),
        "chat": Chat(id=CHAT, type="private"),
        "from": sender,
    }
    return Message.model_validate(fields | content)


def photo(**about: Any) -> Message:
    size = PhotoSize(file_id="photo", file_unique_id="u", width=640, height=480, file_size=len(PHOTO))
    return message(photo=[size], **about)
