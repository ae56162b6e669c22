"""The accuracy of the ETA: simulated users send photos through the real bot while the number of replicas changes."""

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

from benchmarks.task_queue.photos import make_photo
from benchmarks.task_queue.system import CORES, TASKSET, WORKER_COMMAND, System, replica

SIZES = ((250, 250), (640, 480), (1280, 960), (4000, 3000))
FACES = (1, 4, 20)
ETA_PATTERN = re.compile(r"in about (?:(?P<minutes>\d+) min)? ?(?:(?P<seconds>\d+) s)?\.")
MINUTE_S = 60
REPLIES_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class PhotoLoad:
    """`users` send `photos` each, at most `max_in_flight` unanswered; the first `history` fill the bot's timings."""

    users: int
    photos: int
    max_in_flight: int
    history: int

    @property
    def total(self) -> int:
        return self.users * self.photos


@dataclass(frozen=True)
class EtaSample:
    """The ETA in a waiting message, and the seconds until the reply."""

    photo: int
    first: bool
    eta: float
    actual: float

    @property
    def error(self) -> float:
        """|eta - actual| / actual."""
        return abs(self.eta - self.actual) / self.actual


def measure(system: System, load: PhotoLoad, seed: int) -> list[EtaSample]:
    """Send all photos; a second replica runs during the middle third of those after the history."""
    with ExitStack() as stack:
        run = stack.enter_context(
            playground(
                parent_environment=os.environ,
                broker_url=system.broker_url,
                redis_url=system.redis_url,
                commands={ESTIMATOR: (TASKSET, "--cpu-list", str(CORES[0]), *WORKER_COMMAND)},
                extra={"ATTRAI_PHOTOS_PER_USER": str(load.max_in_flight), "ATTRAI_LIFETIME": "3600"},
            )
        )
        run.await_ready()
        events = asyncio.run(_send_and_collect(run, system, load, photos(load.total, seed)))
    return eta_samples(events)


def photos(count: int, seed: int) -> list[bytes]:
    """Photos of all sizes and numbers of faces, in an order that the seed fixes."""
    kinds = [make_photo(*size, faces, seed) for size in SIZES for faces in FACES]
    return random.Random(seed).choices(kinds, k=count)  # noqa: S311  # an order, no secret


def eta_samples(events: Sequence[Event]) -> list[EtaSample]:
    """Every ETA, in the order of the replies."""
    return [
        sample
        for photo, record in enumerate(_messages_with_reply(events))
        for sample in _samples_of_photo(photo, record)
    ]


def eta_seconds(text: str) -> float | None:
    """The ETA in a waiting message, or None."""
    match = ETA_PATTERN.search(text)
    return None if match is None else float(MINUTE_S * int(match["minutes"] or 0) + int(match["seconds"] or 0))


async def _send_and_collect(run: Playground, system: System, load: PhotoLoad, files: Sequence[bytes]) -> list[Event]:
    async with AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(ChatClient(run.chat_url)) for _ in range(load.users)]
        users = [_simulate_user(chat, files[one :: load.users], load.max_in_flight) for one, chat in enumerate(chats)]
        scaling = asyncio.create_task(_scale_replicas(run, system, chats[0], load))
        async with asyncio.timeout(REPLIES_TIMEOUT_S):
            await asyncio.gather(*users)
            await scaling
        return await chats[0].log(everyone=True)


async def _simulate_user(chat: ChatClient, files: Sequence[bytes], max_in_flight: int) -> None:
    """Send all photos within the limit, and wait for all replies."""
    for sent, data in enumerate(files):
        await _await_replies(chat, sent + 1 - max_in_flight)
        await chat.send_photo(data, as_document=True)
    await _await_replies(chat, len(files))


async def _await_replies(chat: ChatClient, count: int) -> None:
    if count > 0:
        await chat.wait_until(
            lambda view: (
                sum(record.by_bot and not _is_waiting_message(record.message.text) for record in view.records) >= count
            ),
            REPLIES_TIMEOUT_S,
        )


async def _scale_replicas(run: Playground, system: System, chat: ChatClient, load: PhotoLoad) -> None:
    third = (load.total - load.history) // 3
    where = System(system.broker_url, system.redis_url, run.addresses.photo_store, system.logs)
    await _await_total_replies(chat, load.history + third)
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, replica(where, "second", CORES[-1]))
        await _await_total_replies(chat, load.history + 2 * third)
        await asyncio.to_thread(stack.close)


async def _await_total_replies(chat: ChatClient, count: int) -> None:
    """Wait until the bot has sent `count` replies to all users together."""
    replies = 0
    async for event in chat.events(everyone=True):
        replies += _is_reply(event)
        if replies >= count:
            return


def _is_reply(event: Event) -> bool:
    message = event.message
    return (
        bool(event.by_bot) and event.kind == "edited" and message is not None and not _is_waiting_message(message.text)
    )


def _is_waiting_message(text: str | None) -> bool:
    return "in the queue" in (text or "")


def _messages_with_reply(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The events of each waiting message up to its reply, in the order of the replies."""
    messages: dict[tuple[int | None, int], list[Event]] = {}
    for event in events:
        if event.by_bot and event.message is not None and event.kind in {"message", "edited"}:
            record = messages.setdefault((event.chat_id, event.message.message_id), [])
            record.append(event)
            if _is_reply(event):
                yield record


def _samples_of_photo(photo: int, record: Sequence[Event]) -> Iterator[EtaSample]:
    answered = record[-1].time
    for event in record[:-1]:
        eta = eta_seconds((event.message and event.message.text) or "")
        if eta is not None:
            yield EtaSample(photo, event is record[0], eta, answered - event.time)
