"""The Bot API objects of this server, with the names and fields of https://core.telegram.org/bots/api."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue


class ApiObject(BaseModel):
    """A frozen API object. Unknown fields are ignored, as Telegram ignores them."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def wire(self) -> dict[str, JsonValue]:
        """The JSON object without absent fields; `from_` becomes `from`."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    return json.loads(value) if value else None


JSON_TEXT = BeforeValidator(_decoded)
"""Outside a JSON body, objects and lists are JSON text."""


class User(ApiObject):
    id: int
    is_bot: bool = False
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class BotUser(User):
    is_bot: bool = True
    can_join_groups: bool = False
    can_read_all_group_messages: bool = False
    supports_inline_queries: bool = False
    can_connect_to_business: bool = False
    has_main_web_app: bool = False


class Chat(ApiObject):
    id: int
    type: Literal["private"] = "private"
    first_name: str
    last_name: str | None = None
    username: str | None = None


class MessageEntity(ApiObject):
    """`offset` and `length` count UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None


class PhotoSize(ApiObject):
    file_id: str
    file_unique_id: str
    width: int
    height: int
    file_size: int


class Document(ApiObject):
    file_id: str
    file_unique_id: str
    thumbnail: PhotoSize | None = None
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int


class File(ApiObject):
    file_id: str
    file_unique_id: str
    file_size: int
    file_path: str


class InlineKeyboardButton(ApiObject):
    """With a link or with data for the bot."""

    text: Annotated[str, Field(min_length=1)]
    url: str | None = None
    callback_data: str | None = None


class InlineKeyboardMarkup(ApiObject):
    inline_keyboard: tuple[tuple[InlineKeyboardButton, ...], ...]


class Media(ApiObject):
    """A message's file: a photo in all sizes, smallest first, or a document."""

    photo: tuple[PhotoSize, ...] | None = None
    document: Document | None = None


class Content(Media):
    """The part of a message that an edit may change."""

    text: str | None = None
    entities: tuple[MessageEntity, ...] | None = None
    caption: str | None = None
    caption_entities: tuple[MessageEntity, ...] | None = None
    reply_markup: InlineKeyboardMarkup | None = None


class Message(Content):
    message_id: int
    date: int
    chat: Chat
    from_: Annotated[User, Field(alias="from")]
    edit_date: int | None = None
    reply_to_message: "Message | None" = None
    media_group_id: str | None = None

    @property
    def content(self) -> Content:
        return Content.model_validate({name: getattr(self, name) for name in Content.model_fields})


class CallbackQuery(ApiObject):
    id: str
    from_: Annotated[User, Field(alias="from")]
    message: Message
    chat_instance: str
    data: str


class ChatMember(ApiObject):
    """`member`, or `kicked` when the user has blocked the bot."""

    user: User
    status: Literal["member", "kicked"]
    until_date: int | None = None


class ChatMemberUpdated(ApiObject):
    chat: Chat
    from_: Annotated[User, Field(alias="from")]
    date: int
    old_chat_member: ChatMember
    new_chat_member: ChatMember


class Update(ApiObject):
    update_id: int
    message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: ChatMemberUpdated | None = None


class BotCommand(ApiObject):
    command: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
    description: Annotated[str, Field(min_length=1, max_length=256)]


class ReplyParameters(ApiObject):
    message_id: int
    chat_id: int | str | None = None
    allow_sending_without_reply: bool = False


class WebhookInfo(ApiObject):
    url: str = ""
    has_custom_certificate: bool = False
    pending_update_count: int = 0
    last_error_date: int | None = None
    last_error_message: str | None = None
    max_connections: int | None = None
    allowed_updates: tuple[str, ...] | None = None
