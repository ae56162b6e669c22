"""Photos, and images sent as files."""

from aiogram import F, Router
from aiogram.types import Message

from attrai_bot.intake.attachments import attachment_of
from attrai_bot.intake.people import Person
from attrai_bot.intake.taking import Intake


def photos_router() -> Router:
    """The photos' handler."""
    router = Router(name="photos")
    router.message.register(on_photo, F.photo | F.document)
    return router


async def on_photo(message: Message, person: Person, intake: Intake) -> None:
    """Raises PhotoError for what the message says is not for us, and what `Intake.take` raises."""
    await intake.take(attachment_of(message), person)
