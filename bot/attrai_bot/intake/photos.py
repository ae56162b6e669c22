"""Photos, and images sent as files."""

from aiogram import F, Router
from aiogram.types import Message

from attrai_bot.intake.attachments import attachment_of
from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.photo_intake import PhotoIntake


def photos_router() -> Router:
    """The photos' handler."""
    router = Router(name="photos")
    router.message.register(on_photo, F.photo | F.document)
    return router


async def on_photo(message: Message, chat_user: ChatUser, intake: PhotoIntake) -> None:
    """Raises PhotoError for what the message says is not for us, and what `PhotoIntake.take` raises."""
    await intake.take(attachment_of(message), chat_user)
