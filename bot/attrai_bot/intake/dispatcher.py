"""The dispatcher: all routers in one list, and what their handlers get as parameters."""

from aiogram import Dispatcher, F, Router

from attrai_bot.intake.chat_user import UserMiddleware
from attrai_bot.intake.conversation import commands_router, fallback_router
from attrai_bot.intake.error_handlers import errors_router
from attrai_bot.intake.photo_intake import PhotoIntake, photos_router
from attrai_bot.intake.statistics import statistics_router
from attrai_bot.settings import BotSettings
from attrai_bot.stats.chart_renderer import ChartRenderer


def make_dispatcher(intake: PhotoIntake, settings: BotSettings) -> Dispatcher:
    """Handlers get `chat_user`, `intake`, `requests`, `text_params` and `chart_renderer`. Only private chats are served."""
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
