"""`attrai-playground demo`: one photo through the whole system, as a person would send it, and the chat as it comes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from attrai_local.errors import NotReadyError, UsageError
from attrai_shared import keys
from redis.asyncio import Redis
from rich.console import Console

from attrai_playground.bot_api.client import ChatClient, RefusedError
from attrai_playground.bot_api.events import Event
from attrai_playground.bot_api.types import Message
from attrai_playground.embedded import Playground, playground
from attrai_playground.photo import Photo, place_for, read_photo, write_picture
from attrai_playground.screen import screen
from attrai_playground.services import ESTIMATOR, INTAKE, REPLIER

ANSWERED_WITHIN = 120.0
"""Seconds from the photo to the final answer, also on a slow machine."""
AT_ONCE = 0.0
"""Seconds that services have for their end: all is answered, and all that they could still write is deleted."""
LOOK = 0.1
"""Seconds between two looks at the chat."""


def demonstrate(
    console: Console, parent_environment: dict[str, str], path: Path, out: Path, within: float = ANSWERED_WITHIN
) -> None:
    """Sends the photo, prints the chat, writes the reply's picture. Raises SupervisionError."""
    photo, place = read_photo(path), place_for(path, out)
    with playground(parent_environment=parent_environment, ends_within=AT_ONCE) as run:
        with screen(console) as watch:
            run.await_ready(watch=watch)
        picture = asyncio.run(_converse(console, run, photo, within))
    if picture is None:
        console.print("The reply has no picture.")
    else:
        write_picture(place, picture)
        console.print(f"The reply's picture is in {place}", highlight=False, soft_wrap=True)


async def _converse(console: Console, run: Playground, photo: Photo, within: float) -> bytes | None:
    try:
        async with asyncio.timeout(within), ChatClient(run.chat_url, first_name="Ann") as chat:
            after = await chat.last_event()
            await chat.send_photo(photo.data, file_name=photo.name, mime_type=photo.mime_type)
            async for event in _until_answered(run, chat, after):
                if event.message is not None:
                    console.print(told(event, event.message), markup=False, highlight=False, soft_wrap=True)
            return await _reply_picture(chat)
    except TimeoutError:
        logs = "\n".join(f"The end of {name}'s log:\n{run.tail(name)}" for name in (INTAKE, ESTIMATOR, REPLIER))
        raise NotReadyError(f"No final answer after {within:.0f} s.\n{logs}") from None
    except RefusedError as error:
        raise UsageError(f"{photo.name} cannot be sent: {error}") from error
    except aiohttp.ClientError as error:
        raise NotReadyError(f"The chat broke off: {type(error).__name__}.") from error


async def _until_answered(run: Playground, chat: ChatClient, after: int) -> AsyncIterator[Event]:
    """What happens in the chat, up to the bot's last word: it has spoken, and no request is live any more."""
    spoken = False
    async with Redis.from_url(run.addresses.redis_url) as redis:
        while True:
            run.check()
            settled = await redis.zcard(keys.LIVE) == 0  # asked first: what was said before it is in the log read below
            for event in await chat.log(after):
                after = event.seq
                spoken = spoken or bool(event.by_bot and event.kind == "message")
                yield event
            if spoken and settled:
                return
            await asyncio.sleep(LOOK)


async def _reply_picture(chat: ChatClient) -> bytes | None:
    """The largest size of the last picture that stands in the chat from the bot."""
    pictures = [message.photo for message in await chat.messages(by_bot=True) if message.photo]
    return await chat.download(pictures[-1][-1].file_id) if pictures else None


def told(event: Event, message: Message) -> str:
    """A line of the chat: who, what was done, what the message holds now."""
    who = "bot" if event.by_bot else "you"
    how = {"edited": " (edited)", "deleted": " (deleted)"}.get(event.kind, "")
    return f"{who}{how}: " + f"\n{' ' * (len(who) + 2)}".join(contents(message))


def contents(message: Message) -> list[str]:
    """What a message holds, in lines."""
    lines = []
    if message.photo:
        lines.append(f"[picture, {message.photo[-1].width} x {message.photo[-1].height}]")
    if message.document:
        lines.append(f"[file {message.document.file_name}, {message.document.file_size} bytes]")
    return [*lines, *(message.text or message.caption or "").splitlines()]
