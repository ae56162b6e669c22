"""A person's actions: join, send texts and files, press buttons, block the bot, delete the chat."""

import secrets
from collections.abc import Sequence
from typing import Literal

from .entities import commands_in
from .errors import PhotoRejected, bad_request
from .events import Event
from .media import Upload
from .telegram import MessageRecord, Person, Standing, Telegram
from .types import CallbackQuery, ChatMember, ChatMemberUpdated, Content, Media, Message, User

FIRST_USER_ID = 1001
MAX_ALBUM_FILES = 10


def join(telegram: Telegram, user: User | None = None, language_code: str = "en") -> Person:
    """A new person in a new chat; without `user` one is generated."""
    if user is None:
        number = max(telegram.people.next_key(), FIRST_USER_ID)
        user = User(id=number, first_name=f"Guest {number - FIRST_USER_ID + 1}", language_code=language_code)
    return save_person(telegram, Person(user=user))


def save_person(telegram: Telegram, person: Person) -> Person:
    """Saves a new or changed person."""
    telegram.people.put(person.user.id, person)
    telegram.events.add(Event(kind="person", chat_id=person.user.id))
    return person


def set_standing(telegram: Telegram, person: Person, standing: Standing) -> Person:
    """Blocks or unblocks the bot, or ends the chat. The bot gets an update about a block, as from Telegram."""
    before, after = _membership(telegram, person.standing), _membership(telegram, standing)
    if before != after:
        telegram.updates.add(
            ChatMemberUpdated(
                chat=person.chat, from_=person.user, date=telegram.now, old_chat_member=before, new_chat_member=after
            )
        )
    return save_person(telegram, person.model_copy(update={"standing": standing}))


def delete_chat(telegram: Telegram, person: Person) -> None:
    """Deletes the chat with all its messages."""
    for record in telegram.chat_records(person.user.id):
        if not record.deleted:
            telegram.delete(record)
    set_standing(telegram, person, "deleted")


def send_text(telegram: Telegram, person: Person, text: str, reply_to: int | None = None) -> Message:
    """Sends a text, optionally in reply to a message."""
    content = Content(text=text, entities=commands_in(text))
    return _send_message(telegram, person, content, _replied(telegram, person, reply_to))


async def send_files(
    telegram: Telegram,
    person: Person,
    uploads: Sequence[Upload],
    *,
    kind: Literal["photo", "document"],
    caption: str | None = None,
    reply_to: int | None = None,
) -> list[Message]:
    """Sends files, several as an album; its caption is the first file's.

    As in Telegram's clients, data that cannot be a photo is sent as a file.
    """
    if not 1 <= len(uploads) <= MAX_ALBUM_FILES:
        raise bad_request(f"1 to {MAX_ALBUM_FILES} files make a message")
    reply = _replied(telegram, person, reply_to)
    kept = [await _keep(telegram, upload, kind) for upload in uploads]
    album = str(secrets.randbits(53)) if len(kept) > 1 else None
    captions = [caption or None, *[None] * (len(kept) - 1)]
    return [
        _send_message(telegram, person, Content(**dict(media), caption=line), reply, album)
        for media, line in zip(kept, captions, strict=True)
    ]


def press_button(telegram: Telegram, person: Person, record: MessageRecord, data: str) -> CallbackQuery:
    """Presses the button of an inline keyboard that carries `data`."""
    keyboard = record.message.reply_markup
    if keyboard is None or not any(button.callback_data == data for row in keyboard.inline_keyboard for button in row):
        raise bad_request("the message has no such button")
    query = CallbackQuery(
        id=str(secrets.randbits(62)),
        from_=person.user,
        message=record.message,
        chat_instance=str(person.user.id),
        data=data,
    )
    telegram.presses.put(query.id, query)
    telegram.updates.add(query)
    return query


async def _keep(telegram: Telegram, upload: Upload, kind: Literal["photo", "document"]) -> Media:
    try:
        return await telegram.media.keep(kind, upload)
    except PhotoRejected:
        return await telegram.media.keep("document", upload)


def _send_message(
    telegram: Telegram, person: Person, content: Content, reply_to: Message | None, album: str | None = None
) -> Message:
    message = telegram.post(person, content, by_bot=False, reply_to=reply_to, album=album)
    telegram.updates.add(message)
    return message


def _replied(telegram: Telegram, person: Person, message_id: int | None) -> Message | None:
    if message_id is None:
        return None
    record = telegram.find(person.user.id, message_id)
    if record is None:
        raise bad_request("message to be replied not found")
    return record.message


def _membership(telegram: Telegram, standing: Standing) -> ChatMember:
    bot = User.model_validate(telegram.me.model_dump())
    if standing == "blocked":
        return ChatMember(user=bot, status="kicked", until_date=0)
    return ChatMember(user=bot, status="member")
