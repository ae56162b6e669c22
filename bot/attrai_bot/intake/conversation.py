"""Commands, the language keyboard, and answers to everything else that is no photo."""

import time
from collections.abc import Set

from aiogram import Bot, F, Router
from aiogram.enums import ContentType
from aiogram.filters import Command, CommandObject
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from attrai_shared.contracts import Language
from attrai_shared.errors import WrongKind

from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.state import RequestStore
from attrai_bot.stats.chart_renderer import ChartRenderer
from attrai_bot.stats.page import stats_caption, stats_page
from attrai_bot.telegram.sending import answer, answer_photo
from attrai_bot.texts import LANGUAGES, TextParams, translate

MENU = ("start", "help", "privacy", "language")
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "ru": "Русский"}
LANGUAGE_DATA_PREFIX = "language:"
USER_CONTENT = frozenset({
    ContentType.ANIMATION, ContentType.AUDIO, ContentType.CONTACT, ContentType.DICE, ContentType.GAME,
    ContentType.LOCATION, ContentType.PAID_MEDIA, ContentType.POLL, ContentType.STICKER, ContentType.STORY,
    ContentType.VENUE, ContentType.VIDEO, ContentType.VIDEO_NOTE, ContentType.VOICE,
})  # fmt: skip
"""What users send beside text, photos and documents.

All other content types are notices of Telegram; they get no answer.
"""


def commands_router() -> Router:
    """The handlers of commands and of the language keyboard."""
    router = Router(name="commands")
    router.message.register(on_language, Command("language"))
    router.message.register(on_text_command, Command("start", "help", "privacy"))
    router.callback_query.register(
        on_language_choice, F.data.in_({LANGUAGE_DATA_PREFIX + language for language in LANGUAGES})
    )
    return router


def statistics_router(admins: Set[int]) -> Router:
    """/stats for these Telegram users. For all others it is an unknown command."""
    router = Router(name="statistics")
    router.message.register(on_stats, Command("stats"), F.from_user.id.in_(admins))
    return router


def fallback_router() -> Router:
    """The handlers that come last."""
    router = Router(name="others")
    router.message.register(on_text, F.text)
    router.message.register(on_wrong_kind, F.content_type.in_(USER_CONTENT))
    router.callback_query.register(on_stale_button)
    return router


async def on_text_command(
    message: Message, command: CommandObject, chat_user: ChatUser, text_params: TextParams
) -> None:
    """Commands that are answered by one text."""
    await answer(message, translate(chat_user.language, command.command, **text_params))


async def on_language(message: Message, chat_user: ChatUser) -> None:
    """Asks for the language, with a button for each."""
    buttons = [
        InlineKeyboardButton(text=LANGUAGE_NAMES[language], callback_data=LANGUAGE_DATA_PREFIX + language)
        for language in LANGUAGES
    ]
    await answer(message, translate(chat_user.language, "language"), InlineKeyboardMarkup(inline_keyboard=[buttons]))


async def on_language_choice(query: CallbackQuery, chat_user: ChatUser, requests: RequestStore) -> None:
    """The confirmation replaces the question. Raises RequestStoreUnavailable."""
    language: Language = "ru" if query.data == f"{LANGUAGE_DATA_PREFIX}ru" else "en"
    await requests.set_language(chat_user.hash, language)
    await query.answer()
    if isinstance(query.message, Message):
        await query.message.edit_text(translate(language, "language_set"))


async def on_stats(
    message: Message, chat_user: ChatUser, requests: RequestStore, chart_renderer: ChartRenderer
) -> None:
    """Answers with a picture of the last month. Raises RequestStoreUnavailable, DrawingFailedError, TimeoutError."""
    days = await requests.days(time.time())
    picture = BufferedInputFile(await chart_renderer.draw(stats_page(days, chat_user.language)), "stats.png")
    await answer_photo(message, picture, stats_caption(days, chat_user.language))


async def on_text(message: Message, chat_user: ChatUser) -> None:
    """Text, and unknown commands."""
    is_command = (message.text or "").startswith("/")
    await answer(message, translate(chat_user.language, "unknown_command" if is_command else "not_a_photo"))


async def on_wrong_kind(message: Message) -> None:  # noqa: ARG001  # aiogram passes it
    """Media that are no photos. Raises WrongKind."""
    raise WrongKind


async def on_stale_button(query: CallbackQuery) -> None:
    """A button of an older version."""
    await query.answer()


async def publish_menu(bot: Bot) -> None:
    """Sets the list of commands that Telegram shows, in each language; English is the default."""
    for language in LANGUAGES:
        commands = [BotCommand(command=name, description=translate(language, f"menu.{name}")) for name in MENU]
        await bot.set_my_commands(commands, language_code=None if language == "en" else language)
