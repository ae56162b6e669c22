"""Simulated users: they send photos to the bot and read its answers."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from attrai_playground.bot_api.client import ChatClient
from attrai_playground.bot_api.control import ChatView
from attrai_playground.bot_api.types import Message

from drills.photos import number_of, photo
from drills.swarm import DrillFailedError

FIRST_USER_ID = 770_301_000
"""Canary: the ids of users start here, and nothing may keep one."""
NAME = "Kanarienvogel"
ACCEPT_TIMEOUT_S = 180.0
MAX_CONCURRENT_UPLOADS = 50
WAITING_PHRASES = ("in the queue", "waiting for the estimator")


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """One photo that a user sent."""

    number: int
    user: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot's messages below a photo: numbers read from pictures, sentences, and the count of waiting messages."""

    pictures: tuple[int | None, ...]
    sentences: tuple[str, ...]
    waiting: int

    @property
    def final(self) -> bool:
        return bool(self.pictures or self.sentences)


class SimulatedUsers:
    """Users with a chat each. An asynchronous context."""

    def __init__(self, url: str, count: int, *, new_ids: bool = False) -> None:
        """`new_ids`: users with ids that no drill has used, instead of the canaries' ids."""
        self.chats = [
            ChatClient(url, user_id=None if new_ids else FIRST_USER_ID + n, first_name=f"{NAME}{n}")
            for n in range(count)
        ]
        self._exit_stack = AsyncExitStack()
        self.sent: list[SentPhoto] = []

    async def __aenter__(self) -> "SimulatedUsers":
        for chat in self.chats:
            await self._exit_stack.enter_async_context(chat)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit_stack.aclose()

    async def send(self, numbers: Iterable[int], pause: float = 0.0) -> list[SentPhoto]:
        """Photo n comes from user n modulo the number of users; `pause` is in seconds."""
        already_sent = len(self.sent)
        for number in numbers:
            user = number % len(self.chats)
            message = await self.chats[user].send_photo(photo(number))
            self.sent.append(SentPhoto(number, user, message.message_id))
            await asyncio.sleep(pause)
        return self.sent[already_sent:]

    async def send_at_once(self, numbers: Iterable[int]) -> None:
        """Like `send`, as fast as the server accepts photos."""
        connections = asyncio.Semaphore(MAX_CONCURRENT_UPLOADS)

        async def send_one(number: int) -> None:
            async with connections:
                await self.send([number])

        await asyncio.gather(*map(send_one, numbers))

    async def send_file(self, number: int, user: int, data: bytes) -> None:
        """Sends a photo as a file, which Telegram does not recompress."""
        message = await self.chats[user].send_photo(data, as_document=True)
        self.sent.append(SentPhoto(number, user, message.message_id))

    async def answers(self) -> dict[int, Answer]:
        """The answer to every photo, by number."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return {sent.number: await self._answer(sent, views[sent.user]) for sent in self.sent}

    async def files(self) -> list[bytes]:
        """Every photo and file in the chats, sent by users and by the bot."""
        messages = [(chat, message) for chat in self.chats for message in await chat.messages()]
        return [
            await chat.download(_file_id(message)) for chat, message in messages if message.photo or message.document
        ]

    async def live(self) -> int:
        """The number of photos without a final answer."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return sum(not any(map(_is_final, _below(views[sent.user], sent))) for sent in self.sent)

    async def all_accepted(self) -> bool:
        """Whether the bot has written a message below every photo."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return all(_below(views[sent.user], sent) for sent in self.sent)

    async def wait_until_accepted(self, seconds: float = ACCEPT_TIMEOUT_S) -> None:
        """Raises DrillFailedError if the bot does not write a message below every photo in time."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.all_accepted():
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise DrillFailedError(f"not every photo is accepted or refused within {seconds:.0f} s") from None

    async def wait_until_answered(self, seconds: float) -> float:
        """Returns how long it took, at most `seconds`; photos may be unanswered then."""
        started = time.monotonic()
        while time.monotonic() - started < seconds and await self.live():
            await asyncio.sleep(1)
        return time.monotonic() - started

    async def _answer(self, sent: SentPhoto, view: ChatView) -> Answer:
        below = _below(view, sent)
        finals = [message for message in below if _is_final(message)]
        chat = self.chats[sent.user]
        pictures = [number_of(await chat.download(message.photo[-1].file_id)) for message in finals if message.photo]
        sentences = [message.text or "" for message in finals if not message.photo]
        return Answer(tuple(pictures), tuple(sentences), len(below) - len(finals))


def count_outcomes(answers: dict[int, Answer]) -> Counter[str]:
    """Counts photos by outcome. `right`: their own picture came; `wrong`: another; `twice`: several replies."""
    return Counter(
        sent=len(answers),
        answered=sum(answer.final for answer in answers.values()),
        right=sum(number in answer.pictures for number, answer in answers.items()),
        wrong=sum(any(shown != number for shown in answer.pictures) for number, answer in answers.items()),
        sentences=sum(bool(answer.sentences) for answer in answers.values()),
        twice=sum(len(answer.pictures) + len(answer.sentences) > 1 for answer in answers.values()),
        left_waiting=sum(answer.waiting for answer in answers.values()),
    )


def _file_id(message: Message) -> str:
    return message.document.file_id if message.document else message.photo[-1].file_id


def _below(view: ChatView, sent: SentPhoto) -> list[Message]:
    present = [record.message for record in view.records if record.by_bot and not record.deleted]
    return [one for one in present if one.reply_to_message and one.reply_to_message.message_id == sent.message_id]


def _is_final(message: Message) -> bool:
    return bool(message.photo) or not any(words in (message.text or "") for words in WAITING_PHRASES)
