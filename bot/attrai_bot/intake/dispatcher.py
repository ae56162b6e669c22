"""The dispatcher: all routers in one visible list, and what their handlers may ask for."""

from aiogram import Dispatcher, F, Router

from attrai_bot.intake.commands import commands_router
from attrai_bot.intake.failures import failures_router
from attrai_bot.intake.others import others_router
from attrai_bot.intake.people import People
from attrai_bot.intake.photos import photos_router
from attrai_bot.intake.statistics import statistics_router
from attrai_bot.intake.taking import Intake
from attrai_bot.settings import BotSettings
from attrai_bot.stats.easel import Easel


def make_dispatcher(intake: Intake, settings: BotSettings) -> Dispatcher:
    """Handlers may ask for `person`, `intake`, `ledger`, `figures` and `easel`. Only private chats are served."""
    dispatcher = Dispatcher(
        disable_fsm=True, intake=intake, ledger=intake.ledger, figures=settings.figures, easel=Easel()
    )
    dispatcher.update.outer_middleware(People(intake.ledger, settings.hash_key))
    private = Router(name="private")
    private.message.filter(F.chat.type == "private")
    private.include_routers(commands_router(), statistics_router(settings.admin_ids), photos_router(), others_router())
    dispatcher.include_routers(private, failures_router())
    return dispatcher
