"""How true the told times are: real people's photos through the real bot, while replicas come and go; told and real by the chat's log."""

import asyncio
import os
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass

from attrai_playground.bot_api.client import ChatClient
from attrai_playground.bot_api.events import Event
from attrai_playground.services import ESTIMATOR
from attrai_playground.system import Playground, playground

from benchmarks.queue.photos import make_photo
from benchmarks.queue.system import CORES, TASKSET, WORKER, System, replica

SIZES = ((250, 250), (640, 480), (1280, 960), (4000, 3000))
FACES = (1, 4, 20)
TOLD = re.compile(r"in about (?:(?P<minutes>\d+) min)? ?(?:(?P<seconds>\d+) s)?\.")
MINUTE = 60
PATIENCE = 900.0


@dataclass(frozen=True)
class Crowd:
    """So many people, each with so many photos to send, of which so many may be under way. The first `history` teach the ledger."""

    people: int
    photos: int
    at_once: int
    history: int

    @property
    def total(self) -> int:
        return self.people * self.photos


@dataclass(frozen=True)
class Telling:
    """What a waiting message told of a photo, and after how many seconds the reply stood there."""

    photo: int
    first: bool
    told: float
    real: float

    @property
    def error(self) -> float:
        """|told - real| / real."""
        return abs(self.told - self.real) / self.real


def measure(system: System, crowd: Crowd, seed: int) -> list[Telling]:
    """Sends the crowd's photos; a second replica is there while the second third of those after the history is answered."""
    with ExitStack() as stack:
        run = stack.enter_context(
            playground(
                parent_environment=os.environ,
                broker_url=system.broker_url,
                redis_url=system.redis_url,
                commands={ESTIMATOR: (TASKSET, "--cpu-list", str(CORES[0]), *WORKER)},
                extra={"ATTRAI_PHOTOS_PER_USER": str(crowd.at_once), "ATTRAI_LIFETIME": "3600"},
            )
        )
        run.await_ready()
        events = asyncio.run(_sent_and_answered(run, system, crowd, photos(crowd.total, seed)))
    return tellings(events)


def photos(count: int, seed: int) -> list[bytes]:
    """Photos of all sizes and numbers of faces, in an order that the seed makes."""
    kinds = [make_photo(*size, faces, seed) for size in SIZES for faces in FACES]
    return random.Random(seed).choices(kinds, k=count)  # noqa: S311  # an order, no secret


def tellings(events: Sequence[Event]) -> list[Telling]:
    """Every time that was told, in the order of the replies."""
    return [telling for photo, record in enumerate(_by_reply(events)) for telling in _of_photo(photo, record)]


def told_seconds(text: str) -> float | None:
    """The expected time that a waiting message tells, if it tells one."""
    match = TOLD.search(text)
    return None if match is None else float(MINUTE * int(match["minutes"] or 0) + int(match["seconds"] or 0))


async def _sent_and_answered(run: Playground, system: System, crowd: Crowd, files: Sequence[bytes]) -> list[Event]:
    async with AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(ChatClient(run.chat_url)) for _ in range(crowd.people)]
        people = [_person(chat, files[one :: crowd.people], crowd.at_once) for one, chat in enumerate(chats)]
        scaling = asyncio.create_task(_scaled(run, system, chats[0], crowd))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*people)
            await scaling
        return await chats[0].log(everyone=True)


async def _person(chat: ChatClient, files: Sequence[bytes], at_once: int) -> None:
    """Sends all photos, the next one when fewer than allowed are under way; returns when all are answered."""
    for sent, data in enumerate(files):
        await _answered(chat, sent + 1 - at_once)
        await chat.send_photo(data, as_document=True)
    await _answered(chat, len(files))


async def _answered(chat: ChatClient, count: int) -> None:
    if count > 0:
        await chat.wait_until(
            lambda view: sum(record.by_bot and not _waits(record.message.text) for record in view.records) >= count,
            PATIENCE,
        )


async def _scaled(run: Playground, system: System, chat: ChatClient, crowd: Crowd) -> None:
    third = (crowd.total - crowd.history) // 3
    where = System(system.broker_url, system.redis_url, run.addresses.photo_store, system.logs)
    await _replied(chat, crowd.history + third)
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, replica(where, "second", CORES[-1]))
        await _replied(chat, crowd.history + 2 * third)
        await asyncio.to_thread(stack.close)


async def _replied(chat: ChatClient, count: int) -> None:
    """Returns when the bot has sent so many replies to all together."""
    replies = 0
    async for event in chat.events(everyone=True):
        replies += _is_reply(event)
        if replies >= count:
            return


def _is_reply(event: Event) -> bool:
    message = event.message
    return bool(event.by_bot) and event.kind == "edited" and message is not None and not _waits(message.text)


def _waits(text: str | None) -> bool:
    return "in the queue" in (text or "")


def _by_reply(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The events of each waiting message, up to the reply in its place; the first answered first."""
    said: dict[tuple[int | None, int], list[Event]] = {}
    for event in events:
        if event.by_bot and event.message is not None and event.kind in {"message", "edited"}:
            record = said.setdefault((event.chat_id, event.message.message_id), [])
            record.append(event)
            if _is_reply(event):
                yield record


def _of_photo(photo: int, record: Sequence[Event]) -> Iterator[Telling]:
    answered = record[-1].time
    for event in record[:-1]:
        told = told_seconds((event.message and event.message.text) or "")
        if told is not None:
            yield Telling(photo, event is record[0], told, answered - event.time)
