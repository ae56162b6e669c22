"""What all methods share: their parameters are fields, `run` is their effect."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

from ..errors import bad_request
from ..media import Kind, Upload
from ..telegram import Person, Telegram
from ..types import JSON_TEXT, Keyboard, Media, Message, ReplyParameters, Wire

Result: TypeAlias = Wire | Sequence[Wire] | bool


def wire(result: Result) -> JsonValue:
    """The result as it stands in the answer."""
    if isinstance(result, bool):
        return result
    if isinstance(result, Wire):
        return result.wire()
    return [item.wire() for item in result]


def _chat_number(value: object) -> object:
    """Only private chats exist here, so a name (@channel) is a chat that is not there."""
    return value if isinstance(value, int) or str(value).lstrip("-").isdecimal() else 0


ChatId = Annotated[int | None, BeforeValidator(_chat_number)]
Markup = Annotated[Keyboard | None, JSON_TEXT]


class Method(BaseModel, ABC):
    """One call. Parameters that it does not know are ignored, as Telegram does."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    uploads: Mapping[str, Upload] = {}

    @abstractmethod
    async def run(self, telegram: Telegram) -> Result:
        """Does it. Raises ApiError."""

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
        return telegram.media.again(kind, source)


class ChatMethod(Method):
    chat_id: ChatId = None

    def person(self, telegram: Telegram) -> Person:
        return telegram.reachable(self.chat_id)


class SendingMethod(ChatMethod):
    """A method that puts a message into a chat."""

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
