"""The state of Telegram's servers: people, messages, media, updates, the bot's profile. No HTTP here."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from .errors import ApiError, bad_request
from .events import Event, EventKind, EventLog
from .failures import FailureQueue
from .media import MediaStore
from .profile import Profile
from .tables import Table, connect
from .types import ApiObject, BotUser, CallbackQuery, Chat, Content, Message, User
from .updates import Updates
from .webhook import Webhook

Standing = Literal["active", "blocked", "deactivated", "deleted"]
"""active: the bot may write; blocked: by the user; deactivated: the account is gone; deleted: the chat is gone."""


class Person(ApiObject):
    """A user and the private chat with the bot, which has the same id."""

    user: User
    standing: Standing = "active"

    @property
    def chat(self) -> Chat:
        return Chat.model_validate(self.user.model_dump(include=set(Chat.model_fields) - {"type"}))


class MessageRecord(ApiObject):
    """A message, who wrote it, whether it was deleted, and its earlier versions, oldest first."""

    message: Message
    by_bot: bool
    deleted: bool = False
    history: tuple[Message, ...] = ()


class Telegram:
    """The whole state. With a database in a file, a new process continues where the last one ended.

    `clock`: seconds since 1970. `webhook_pause`: seconds before a delivery is tried again.
    """

    def __init__(
        self, token: str, folder: Path, database: Path | None, clock: Callable[[], float], webhook_pause: float = 1
    ) -> None:
        self.token = token
        self.clock = clock
        self._database = connect(database)
        self.me = BotUser(
            id=int(token.split(":", maxsplit=1)[0]), first_name="Attrai", username="attrai_playground_bot"
        )
        self.people = Table(self._database, "people", int, Person)
        self.records = Table(self._database, "messages", int, MessageRecord)
        self.presses = Table(self._database, "presses", str, CallbackQuery)
        self.media = MediaStore(self._database, folder, clock)
        self.updates = Updates(self._database)
        self.webhook = Webhook(self._database, self.updates, clock, webhook_pause)
        self.events = EventLog(self._database, clock)
        self.profile = Profile(self._database)
        self.failures = FailureQueue()

    @property
    def now(self) -> int:
        return int(self.clock())

    def reachable(self, chat_id: int | None) -> Person:
        """The person that the bot writes to. Raises Telegram's error when the bot may not."""
        if chat_id is None:
            raise bad_request("chat_id is empty")
        person = self.people.get(chat_id)
        if person is None or person.standing == "deleted":
            raise bad_request("chat not found")
        if person.standing == "blocked":
            raise ApiError(403, "bot was blocked by the user")
        if person.standing == "deactivated":
            raise ApiError(403, "user is deactivated")
        return person

    def find(self, chat_id: int, message_id: int | None) -> MessageRecord | None:
        """A message that is still in that chat."""
        found = self.records.get(message_id) if message_id else None
        return found if found and found.message.chat.id == chat_id and not found.deleted else None

    def post(
        self,
        person: Person,
        content: Content,
        *,
        by_bot: bool,
        reply_to: Message | None = None,
        album: str | None = None,
    ) -> Message:
        """Adds a message to the chat."""
        message = Message(
            message_id=self.records.next_key(),
            date=self.now,
            chat=person.chat,
            from_=User.model_validate(self.me.model_dump()) if by_bot else person.user,
            reply_to_message=reply_to.model_copy(update={"reply_to_message": None}) if reply_to else None,
            media_group_id=album,
            **dict(content),
        )
        self.records.put(message.message_id, MessageRecord(message=message, by_bot=by_bot), person.user.id)
        self._log_event("message", message, by_bot=by_bot)
        return message

    def edit(self, record: MessageRecord, content: Content) -> Message:
        """Changes a message's content; the record keeps the earlier version."""
        message = record.message.model_copy(update={**dict(content), "edit_date": self.now})
        history = (*record.history, record.message)
        self._save(record.model_copy(update={"message": message, "history": history}))
        self._log_event("edited", message, by_bot=record.by_bot)
        return message

    def delete(self, record: MessageRecord) -> None:
        self._save(record.model_copy(update={"deleted": True}))
        self._log_event("deleted", record.message, by_bot=record.by_bot)

    def chat_records(self, chat_id: int) -> list[MessageRecord]:
        """All messages of a chat, deleted ones included."""
        return list(self.records.rows(part=chat_id))

    def close(self) -> None:
        """Ends polls and streams."""
        self.updates.close()
        self.events.close()

    def close_database(self) -> None:
        self._database.close()

    def _save(self, record: MessageRecord) -> None:
        self.records.put(record.message.message_id, record, record.message.chat.id)

    def _log_event(self, kind: EventKind, message: Message, *, by_bot: bool) -> None:
        self.events.add(Event(kind=kind, chat_id=message.chat.id, message=message, by_bot=by_bot))
