"""What handlers raise becomes sentences."""

import logging
from contextlib import suppress

from aiogram import Router
from aiogram.exceptions import AiogramError
from aiogram.filters import ExceptionTypeFilter
from aiogram.types import ErrorEvent
from attrai_shared.errors import AttraiError
from attrai_shared.logs import event

from attrai_bot.intake.people import Person
from attrai_bot.intake.speech import answer
from attrai_bot.telegram import TELEGRAM_ERRORS
from attrai_bot.texts import Figures, say

logger = logging.getLogger(__name__)


def failures_router() -> Router:
    """Error handlers, the most particular first."""
    router = Router(name="failures")
    router.error.register(on_refusal, ExceptionTypeFilter(AttraiError))
    router.error.register(on_telegram, ExceptionTypeFilter(AiogramError))
    router.error.register(on_bug)
    return router


async def on_refusal(error: ErrorEvent, person: Person, figures: Figures) -> None:
    """What we refuse or cannot do now."""
    code = error.exception.code if isinstance(error.exception, AttraiError) else AttraiError.code
    await _say(error, person, code, figures)


async def on_telegram(error: ErrorEvent, person: Person) -> None:
    """A user who has just blocked the bot, a button pressed too late: nothing to tell, nobody to tell it to."""
    event(logger, "telegram_refused", level=logging.WARNING, user=person.user, error=type(error.exception).__name__)


async def on_bug(error: ErrorEvent, person: Person, figures: Figures) -> None:
    """Nothing should come here."""
    event(logger, "handler_failed", level=logging.ERROR, exc_info=error.exception, user=person.user)
    await _say(error, person, AttraiError.code, figures)


async def _say(error: ErrorEvent, person: Person, code: str, figures: Figures) -> None:
    event(logger, "refusal_said", user=person.user, code=code)
    query, message = error.update.callback_query, error.update.message
    if query is not None:
        with suppress(*TELEGRAM_ERRORS):
            await query.answer(say(person.language, AttraiError.code, **figures))
    elif message is not None:
        await answer(message, say(person.language, code, **figures))
