"""People who send photos to the bot, and what they got for each."""

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

FIRST_ID = 770_301_000
"""Canary: users have ids from here on, and nothing may keep one."""
NAME = "Kanarienvogel"
TAKEN_WITHIN = 180.0
AT_ONCE = 50
"""Photos on their way to the server side by side."""
WAITING = ("in the queue", "waiting for the estimator")


@dataclass(frozen=True, slots=True)
class Sent:
    """One photo that a person sent."""

    number: int
    person: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands below a photo in the end: numbers read from pictures, sentences, and waiting messages left over."""

    pictures: tuple[int | None, ...]
    sentences: tuple[str, ...]
    waiting: int

    @property
    def final(self) -> bool:
        return bool(self.pictures or self.sentences)


class Crowd:
    """Some people, each with a chat of their own. An asynchronous context."""

    def __init__(self, url: str, people: int, *, anyone: bool = False) -> None:
        """`anyone`: people who have never been here, instead of those whose ids are canaries."""
        self.chats = [
            ChatClient(url, user_id=None if anyone else FIRST_ID + n, first_name=f"{NAME}{n}") for n in range(people)
        ]
        self._open = AsyncExitStack()
        self.sent: list[Sent] = []

    async def __aenter__(self) -> "Crowd":
        for chat in self.chats:
            await self._open.enter_async_context(chat)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def send(self, numbers: Iterable[int], pause: float = 0.0) -> list[Sent]:
        """Photo n comes from person n, going round; `pause` in seconds between two."""
        begun = len(self.sent)
        for number in numbers:
            person = number % len(self.chats)
            message = await self.chats[person].send_photo(photo(number))
            self.sent.append(Sent(number, person, message.message_id))
            await asyncio.sleep(pause)
        return self.sent[begun:]

    async def send_at_once(self, numbers: Iterable[int]) -> None:
        """As `send`, as fast as the server takes photos."""
        connections = asyncio.Semaphore(AT_ONCE)

        async def send_one(number: int) -> None:
            async with connections:
                await self.send([number])

        await asyncio.gather(*map(send_one, numbers))

    async def send_file(self, number: int, person: int, data: bytes) -> None:
        """A photo sent as a file, which Telegram leaves as it is."""
        message = await self.chats[person].send_photo(data, as_document=True)
        self.sent.append(Sent(number, person, message.message_id))

    async def answers(self) -> dict[int, Answer]:
        """The state of every photo sent, by its number."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return {sent.number: await self._answer(sent, views[sent.person]) for sent in self.sent}

    async def files(self) -> list[bytes]:
        """Every photo and file that stands in the chats, of both sides."""
        messages = [(chat, message) for chat in self.chats for message in await chat.messages()]
        return [
            await chat.download(_file_id(message)) for chat, message in messages if message.photo or message.document
        ]

    async def live(self) -> int:
        """Photos that have no final answer now."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return sum(not any(map(_is_final, _below(views[sent.person], sent))) for sent in self.sent)

    async def all_taken(self) -> bool:
        """Whether the bot has said something below every photo."""
        views = await asyncio.gather(*(chat.view() for chat in self.chats))
        return all(_below(views[sent.person], sent) for sent in self.sent)

    async def wait_until_taken(self, seconds: float = TAKEN_WITHIN) -> None:
        """Raises DrillFailedError when the bot does not say something below every photo in time."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.all_taken():
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise DrillFailedError(f"not every photo is taken in or refused within {seconds:.0f} s") from None

    async def wait_until_answered(self, seconds: float) -> float:
        """How long it took, or `seconds` when not all have an answer by then."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds and await self.live():
            await asyncio.sleep(1)
        return time.monotonic() - begun

    async def _answer(self, sent: Sent, view: ChatView) -> Answer:
        below = _below(view, sent)
        finals = [message for message in below if _is_final(message)]
        chat = self.chats[sent.person]
        pictures = [number_of(await chat.download(message.photo[-1].file_id)) for message in finals if message.photo]
        sentences = [message.text or "" for message in finals if not message.photo]
        return Answer(tuple(pictures), tuple(sentences), len(below) - len(finals))


def tally(answers: dict[int, Answer]) -> Counter[str]:
    """How many photos: sent, answered, with the very picture, with a sentence, with more than one reply, with waiting messages left."""
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


def _below(view: ChatView, sent: Sent) -> list[Message]:
    standing = [record.message for record in view.records if record.by_bot and not record.deleted]
    return [one for one in standing if one.reply_to_message and one.reply_to_message.message_id == sent.message_id]


def _is_final(message: Message) -> bool:
    return bool(message.photo) or not any(words in (message.text or "") for words in WAITING)
