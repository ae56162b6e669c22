"""The dispatcher: all routers in one list, what their handlers get as parameters, and what becomes of their errors."""

import logging
from contextlib import suppress

from aiogram import Dispatcher, F, Router
from aiogram.exceptions import AiogramError
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent
from attrai_shared.errors import AttraiError
from attrai_shared.logs import event

from attrai_bot.intake.chat_user import ChatUser, UserMiddleware
from attrai_bot.intake.conversation import commands_router, fallback_router, statistics_router
from attrai_bot.intake.photo_intake import PhotoIntake, photos_router
from attrai_bot.settings import BotSettings
from attrai_bot.stats.chart_renderer import ChartRenderer
from attrai_bot.telegram.bot_api import TELEGRAM_ERRORS
from attrai_bot.telegram.sending import answer
from attrai_bot.texts import TextParams, translate

logger = logging.getLogger(__name__)


def make_dispatcher(intake: PhotoIntake, settings: BotSettings) -> Dispatcher:
    """Handlers get `chat_user`, `intake`, `requests`, `text_params` and `chart_renderer`.

    Only private chats are served.
    """
    dispatcher = Dispatcher(
        disable_fsm=True,
        intake=intake,
        requests=intake.requests,
        text_params=settings.text_params,
        chart_renderer=ChartRenderer(),
    )
    dispatcher.update.outer_middleware(UserMiddleware(intake.requests, settings.hash_key))
    private = Router(name="private")
    private.message.filter(F.chat.type == "private")
    private.include_routers(
        commands_router(), statistics_router(settings.admin_ids), photos_router(), fallback_router()
    )
    dispatcher.include_routers(private, errors_router())
    return dispatcher


def errors_router() -> Router:
    """Error handlers, the most specific first."""
    router = Router(name="errors")
    router.error.register(on_refusal, ExceptionTypeFilter(AttraiError))
    router.error.register(on_telegram_error, ExceptionTypeFilter(AiogramError))
    router.error.register(on_bug)
    return router


async def on_refusal(error: ErrorEvent, chat_user: ChatUser, text_params: TextParams) -> None:
    """Something is refused, or cannot be done now."""
    code = error.exception.code if isinstance(error.exception, AttraiError) else AttraiError.code
    await _tell(error, chat_user, code, text_params)


async def on_telegram_error(error: ErrorEvent, chat_user: ChatUser) -> None:
    """The user has blocked the bot, or a button was pressed too late: nobody can be told."""
    event(logger, "telegram_refused", level=logging.WARNING, user=chat_user.hash, error=type(error.exception).__name__)


async def on_bug(error: ErrorEvent, chat_user: ChatUser, text_params: TextParams) -> None:
    """Any other error is a bug."""
    event(logger, "handler_failed", level=logging.ERROR, exc_info=error.exception, user=chat_user.hash)
    await _tell(error, chat_user, AttraiError.code, text_params)


async def _tell(error: ErrorEvent, chat_user: ChatUser, code: str, text_params: TextParams) -> None:
    event(logger, "refusal_said", user=chat_user.hash, code=code)
    query, message = error.update.callback_query, error.update.message
    if query is not None:
        with suppress(*TELEGRAM_ERRORS):
            await query.answer(translate(chat_user.language, AttraiError.code, **text_params))
    elif message is not None:
        await answer(message, translate(chat_user.language, code, **text_params))
