"""/start, /help, /privacy and /language, with the keyboard that the last one shows."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from attrai_shared.contracts import Language

from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.replies import answer
from attrai_bot.state import RequestStore
from attrai_bot.texts import LANGUAGES, TextParams, translate

MENU = ("start", "help", "privacy", "language")
NAMES: dict[Language, str] = {"en": "English", "ru": "Русский"}
CHOICE = "language:"


def commands_router() -> Router:
    """The commands' handlers."""
    router = Router(name="commands")
    router.message.register(on_language, Command("language"))
    router.message.register(on_text, Command("start", "help", "privacy"))
    router.callback_query.register(on_choice, F.data.in_({CHOICE + language for language in LANGUAGES}))
    return router


async def on_text(message: Message, command: CommandObject, chat_user: ChatUser, text_params: TextParams) -> None:
    """The commands that are a sentence each."""
    await answer(message, translate(chat_user.language, command.command, **text_params))


async def on_language(message: Message, chat_user: ChatUser) -> None:
    """The question, with a button for each language."""
    buttons = [InlineKeyboardButton(text=NAMES[language], callback_data=CHOICE + language) for language in LANGUAGES]
    await answer(message, translate(chat_user.language, "language"), InlineKeyboardMarkup(inline_keyboard=[buttons]))


async def on_choice(query: CallbackQuery, chat_user: ChatUser, requests: RequestStore) -> None:
    """The sentence takes the place of the question. Raises RequestStoreUnavailable."""
    language: Language = "ru" if query.data == f"{CHOICE}ru" else "en"
    await requests.set_language(chat_user.hash, language)
    await query.answer()
    if isinstance(query.message, Message):
        await query.message.edit_text(translate(language, "language_set"))


async def publish_menu(bot: Bot) -> None:
    """The list of commands that Telegram shows, in each language; English for all others."""
    for language in LANGUAGES:
        commands = [BotCommand(command=name, description=translate(language, f"menu.{name}")) for name in MENU]
        await bot.set_my_commands(commands, language_code=None if language == "en" else language)
