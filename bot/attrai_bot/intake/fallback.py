"""Whatever else a chat_user may send: each gets a sentence that says what to send instead."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import CallbackQuery, Message
from attrai_shared.errors import WrongKind

from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.replies import answer
from attrai_bot.texts import translate

SENT_BY_PEOPLE = frozenset({
    ContentType.ANIMATION, ContentType.AUDIO, ContentType.CONTACT, ContentType.DICE, ContentType.GAME,
    ContentType.LOCATION, ContentType.PAID_MEDIA, ContentType.POLL, ContentType.STICKER, ContentType.STORY,
    ContentType.VENUE, ContentType.VIDEO, ContentType.VIDEO_NOTE, ContentType.VOICE,
})  # fmt: skip
"""Beside text, photos and documents; all other kinds are notices of Telegram's, which want no answer."""


def fallback_router() -> Router:
    """The handlers that come last."""
    router = Router(name="others")
    router.message.register(on_words, F.text)
    router.message.register(on_wrong_kind, F.content_type.in_(SENT_BY_PEOPLE))
    router.callback_query.register(on_stale_button)
    return router


async def on_words(message: Message, chat_user: ChatUser) -> None:
    """Text, and commands that we do not have."""
    is_command = (message.text or "").startswith("/")
    await answer(message, translate(chat_user.language, "unknown_command" if is_command else "not_a_photo"))


async def on_wrong_kind(message: Message) -> None:  # noqa: ARG001  # aiogram gives it in any case
    """Media that are no photos. Raises WrongKind."""
    raise WrongKind


async def on_stale_button(query: CallbackQuery) -> None:
    """A button of an older version, or of nobody's."""
    await query.answer()
