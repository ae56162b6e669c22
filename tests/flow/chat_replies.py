"""The bot's messages in a chat: which are final, and which reply to which photo."""

from attrai_playground.bot_api.client import ChatClient, ChatView
from attrai_playground.bot_api.types import Message

WAITING = ("in the queue", "в очереди")
TIMEOUT_S = 120.0
"""Seconds within which each request of these tests is answered, also on a busy machine."""


def is_final(message: Message) -> bool:
    """Whether it is a reply: a picture, or a sentence that does not ask to wait."""
    return bool(message.photo) or not any(words in (message.text or "") for words in WAITING)


def replies(view: ChatView, sent: Message) -> list[Message]:
    """The bot's replies to this message that are not deleted."""
    standing = [record.message for record in view.records if record.by_bot and not record.deleted]
    return [
        message
        for message in standing
        if message.reply_to_message and message.reply_to_message.message_id == sent.message_id
    ]


async def reply_to(chat: ChatClient, sent: Message) -> Message:
    """The one final answer to a photo. Fails if none comes in time, or if there is a second message."""
    view = await chat.wait_until(lambda view: any(map(is_final, replies(view, sent))), TIMEOUT_S)
    (reply,) = replies(view, sent)
    return reply


def words(message: Message) -> str:
    """A message's text, or its picture's caption."""
    return message.text or message.caption or ""
