"""sendMessage, sendPhoto, sendDocument, sendMediaGroup, sendChatAction."""

import secrets
from typing import Annotated, Literal

from pydantic import Field

from ..errors import bad_request
from ..events import Event
from ..media import Kind
from ..telegram import Telegram
from ..types import JSON_TEXT, ApiObject, Content, Media, Message
from .base import CaptionFields, ChatMethod, SendingMethod, TextFields

ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


class SendMessage(SendingMethod, TextFields):
    async def run(self, telegram: Telegram) -> Message:
        person = self.person(telegram)
        text, entities = self.formatted_text("message is too long")
        content = Content(text=text, entities=entities, reply_markup=self.reply_markup)
        return telegram.post(person, content, by_bot=True, reply_to=self.replied(telegram, person))


class _SendFile(SendingMethod, CaptionFields):
    async def send(self, telegram: Telegram, kind: Kind, source: str | None) -> Message:
        person = self.person(telegram)
        reply_to = self.replied(telegram, person)
        caption, entities = self.formatted_caption()
        media = await self.media(telegram, kind, source, part=kind)
        content = Content(**dict(media), caption=caption, caption_entities=entities, reply_markup=self.reply_markup)
        return telegram.post(person, content, by_bot=True, reply_to=reply_to)


class SendPhoto(_SendFile):
    photo: str | None = None

    async def run(self, telegram: Telegram) -> Message:
        return await self.send(telegram, "photo", self.photo)


class SendDocument(_SendFile):
    document: str | None = None

    async def run(self, telegram: Telegram) -> Message:
        return await self.send(telegram, "document", self.document)


class InputMedia(ApiObject, CaptionFields):
    """InputMediaPhoto or InputMediaDocument; `media` is a file id or attach://NAME."""

    type: Literal["photo", "document"]
    media: str

    def content(self, media: Media) -> Content:
        caption, entities = self.formatted_caption()
        return Content(**dict(media), caption=caption, caption_entities=entities)


class SendMediaGroup(SendingMethod):
    group: Annotated[tuple[InputMedia, ...], JSON_TEXT, Field(alias="media")] = ()

    async def run(self, telegram: Telegram) -> list[Message]:
        person = self.person(telegram)
        if not 2 <= len(self.group) <= 10:  # noqa: PLR2004 -- the Bot API's limits
            raise bad_request("media group must include 2-10 items")
        if len({item.type for item in self.group}) > 1:
            raise bad_request("can't use the media of the specified type in the album")
        reply_to = self.replied(telegram, person)
        contents = [item.content(await self.media(telegram, item.type, item.media)) for item in self.group]
        album = str(secrets.randbits(53))
        return [telegram.post(person, content, by_bot=True, reply_to=reply_to, album=album) for content in contents]


class SendChatAction(ChatMethod):
    action: str = ""

    async def run(self, telegram: Telegram) -> bool:
        person = self.person(telegram)
        if self.action not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        telegram.events.add(Event(kind="action", chat_id=person.user.id, text=self.action))
        return True
