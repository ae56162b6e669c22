"""editMessageText, -Caption, -Media, -ReplyMarkup, deleteMessage, deleteMessages."""

from typing import Annotated

from pydantic import Field

from ..errors import bad_request
from ..telegram import MessageRecord, Telegram
from ..types import JSON_TEXT, Content, Message
from .base import CaptionFields, ChatMethod, Markup, TextFields
from .sending import InputMedia

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current"
    " content and reply markup of the message"
)


class _Edit(ChatMethod):
    """An edit without `reply_markup` removes the keyboard, as with Telegram."""

    message_id: int | None = None
    reply_markup: Markup = None

    def record(self, telegram: Telegram) -> MessageRecord:
        if not self.message_id:
            raise bad_request("message identifier is not specified")
        record = telegram.find(self.person(telegram).user.id, self.message_id)
        if record is None:
            raise bad_request("message to edit not found")
        if not record.by_bot:
            raise bad_request("message can't be edited")
        return record

    def edited(self, telegram: Telegram, record: MessageRecord, content: Content) -> Message:
        content = content.model_copy(update={"reply_markup": self.reply_markup})
        if content == record.message.content:
            raise bad_request(NOT_MODIFIED)
        return telegram.edit(record, content)


class EditMessageText(_Edit, TextFields):
    async def run(self, telegram: Telegram) -> Message:
        record = self.record(telegram)
        text, entities = self.formatted_text("MESSAGE_TOO_LONG")
        if record.message.text is None:
            raise bad_request("there is no text in the message to edit")
        return self.edited(telegram, record, Content(text=text, entities=entities))


class EditMessageCaption(_Edit, CaptionFields):
    async def run(self, telegram: Telegram) -> Message:
        record = self.record(telegram)
        caption, entities = self.formatted_caption()
        if record.message.text is not None:
            raise bad_request("there is no caption in the message to edit")
        content = record.message.content.model_copy(update={"caption": caption, "caption_entities": entities})
        return self.edited(telegram, record, content)


class EditMessageMedia(_Edit):
    """A text message can also become media."""

    new: Annotated[InputMedia | None, JSON_TEXT, Field(alias="media")] = None

    async def run(self, telegram: Telegram) -> Message:
        self.record(telegram)
        if self.new is None:
            raise bad_request("media is empty")
        media = await self.media(telegram, self.new.type, self.new.media)
        return self.edited(telegram, self.record(telegram), self.new.content(media))


class EditMessageReplyMarkup(_Edit):
    async def run(self, telegram: Telegram) -> Message:
        record = self.record(telegram)
        return self.edited(telegram, record, record.message.content)


class DeleteMessage(ChatMethod):
    message_id: int | None = None

    async def run(self, telegram: Telegram) -> bool:
        if not self.message_id:
            raise bad_request("message identifier is not specified")
        record = telegram.find(self.person(telegram).user.id, self.message_id)
        if record is None:
            raise bad_request("message to delete not found")
        telegram.delete(record)
        return True


class DeleteMessages(ChatMethod):
    """Unknown messages are ignored."""

    message_ids: Annotated[tuple[int, ...], JSON_TEXT] = ()

    async def run(self, telegram: Telegram) -> bool:
        if not self.message_ids:
            raise bad_request("message identifiers are not specified")
        chat_id = self.person(telegram).user.id
        for record in filter(None, [telegram.find(chat_id, number) for number in self.message_ids]):
            telegram.delete(record)
        return True
