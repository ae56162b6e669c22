"""The base classes of all methods: parameters are fields, `run` is the effect. Texts and captions are parsed here."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

from ..entities import formatted
from ..errors import bad_request
from ..media import Kind, Upload
from ..telegram import Person, Telegram
from ..types import JSON_TEXT, ApiObject, InlineKeyboardMarkup, Media, Message, MessageEntity, ReplyParameters

Result: TypeAlias = ApiObject | Sequence[ApiObject] | bool


def wire(result: Result) -> JsonValue:
    """The result as JSON."""
    if isinstance(result, bool):
        return result
    if isinstance(result, ApiObject):
        return result.wire()
    return [item.wire() for item in result]


def _chat_number(value: object) -> object:
    """Only private chats exist here, so a name (@channel) is an unknown chat."""
    return value if isinstance(value, int) or str(value).lstrip("-").isdecimal() else 0


ChatId = Annotated[int | None, BeforeValidator(_chat_number)]
Markup = Annotated[InlineKeyboardMarkup | None, JSON_TEXT]


MAX_TEXT = 4096
MAX_CAPTION = 1024
"""Characters without the markup, by the Bot API."""

Entities = Annotated[tuple[MessageEntity, ...] | None, JSON_TEXT]
Formatted = tuple[str, tuple[MessageEntity, ...] | None]


class Method(BaseModel, ABC):
    """One call. Unknown parameters are ignored, as by Telegram."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    uploads: Mapping[str, Upload] = {}

    @abstractmethod
    async def run(self, telegram: Telegram) -> Result:
        """Carries out the call. Raises ApiError."""

    async def media(self, telegram: Telegram, kind: Kind, source: str | None, part: str | None = None) -> Media:
        """The file named by a file id or by attach://NAME, or sent in the body as `part`."""
        upload = self.uploads.get((source or "").removeprefix("attach://")) or self.uploads.get(part or "")
        if upload is not None and not upload.data:
            raise bad_request("file must be non-empty")
        if upload is not None:
            return await telegram.media.keep(kind, upload)
        if not source:
            raise bad_request(f"there is no {kind} in the request")
        if source.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        return telegram.media.reuse(kind, source)


class ChatMethod(Method):
    chat_id: ChatId = None

    def person(self, telegram: Telegram) -> Person:
        return telegram.reachable(self.chat_id)


class SendingMethod(ChatMethod):
    """A method that adds a message to a chat."""

    reply_markup: Markup = None
    reply_parameters: Annotated[ReplyParameters | None, JSON_TEXT] = None
    reply_to_message_id: int | None = None
    allow_sending_without_reply: bool = False

    def replied(self, telegram: Telegram, person: Person) -> Message | None:
        """The message to reply to; a missing one is an error unless the bot says otherwise."""
        wanted = self.reply_parameters or (
            ReplyParameters(
                message_id=self.reply_to_message_id, allow_sending_without_reply=self.allow_sending_without_reply
            )
            if self.reply_to_message_id
            else None
        )
        if wanted is None:
            return None
        record = telegram.find(person.user.id, wanted.message_id)
        if record is None and not wanted.allow_sending_without_reply:
            raise bad_request("message to be replied not found")
        return record.message if record else None


class TextFields(BaseModel):
    text: str = ""
    parse_mode: str | None = None
    entities: Entities = None

    def formatted_text(self, too_long: str) -> Formatted:
        text, entities = formatted(self.text, self.parse_mode, self.entities)
        if not text.strip():
            raise bad_request("message text is empty")
        if len(text) > MAX_TEXT:
            raise bad_request(too_long)
        return text, entities


class CaptionFields(BaseModel):
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Entities = None

    def formatted_caption(self) -> tuple[str | None, tuple[MessageEntity, ...] | None]:
        text, entities = formatted(self.caption or "", self.parse_mode, self.caption_entities)
        if len(text) > MAX_CAPTION:
            raise bad_request("message caption is too long")
        return text or None, entities
