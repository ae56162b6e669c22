"""`attrai-playground demo`: sends one photo as a person would, prints the chat, writes the reply's picture."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from attrai_local.errors import NotReadyError, UsageError
from attrai_shared import keys
from attrai_shared.files import atomic_write
from redis.asyncio import Redis
from rich.console import Console

from attrai_playground.bot_api.client import ChatClient, RefusedError
from attrai_playground.bot_api.events import Event
from attrai_playground.bot_api.types import Message
from attrai_playground.services import ESTIMATOR, INTAKE, REPLIER
from attrai_playground.status_display import status_display
from attrai_playground.system import Playground, playground

SAMPLE = Path(__file__).parent / "sample" / "astronauts.jpg"
DEMO_REPLY_TIMEOUT_S = 120.0
"""From the photo to the final answer, also on a slow machine."""
DEMO_STOP_TIMEOUT_S = 0.0
"""For each service at the end: every photo is answered, and the folders are temporary."""
CHAT_POLL_S = 0.1
MIME_TYPE_BY_SUFFIX = {".heic": "image/heic", ".heif": "image/heif", ".webp": "image/webp"}
"""Types that the standard library does not know on every system."""


@dataclass(frozen=True)
class PhotoFile:
    """A file to send. `mime_type` comes from its name; nobody has looked at `data`."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)


def run_demo(
    console: Console, parent_environment: dict[str, str], path: Path, out: Path, timeout_s: float = DEMO_REPLY_TIMEOUT_S
) -> None:
    """Sends the photo, prints the chat, writes the reply's picture. Raises SupervisionError."""
    photo, target = read_photo(path), picture_path(path, out)
    with playground(parent_environment=parent_environment, stop_timeout_s=DEMO_STOP_TIMEOUT_S) as run:
        with status_display(console) as show:
            run.await_ready(show=show)
        picture = asyncio.run(_converse(console, run, photo, timeout_s))
    if picture is None:
        console.print("The reply has no picture.")
    else:
        write_picture(target, picture)
        console.print(f"The reply's picture is in {target}", highlight=False, soft_wrap=True)


def read_photo(path: Path) -> PhotoFile:
    """Raises UsageError for a file that cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be sent: {error.strerror}.") from error
    mime_type = MIME_TYPE_BY_SUFFIX.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
    return PhotoFile(path.name, mime_type or "application/octet-stream", data)


def picture_path(photo: Path, folder: Path) -> Path:
    """The path of the reply's picture. Raises UsageError where it is the photo's own path."""
    path = folder / f"{photo.stem}.jpg"
    if path.resolve() == photo.resolve():
        raise UsageError(f"{photo} lies where the reply's picture would be written; send a copy from another folder.")
    return path


def write_picture(path: Path, data: bytes) -> None:
    """Raises UsageError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, concurrent=True) as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


async def _converse(console: Console, run: Playground, photo: PhotoFile, timeout_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(timeout_s), ChatClient(run.chat_url, first_name="Ann") as chat:
            after = await chat.last_event()
            await chat.send_photo(photo.data, file_name=photo.name, mime_type=photo.mime_type)
            async for event in _until_answered(run, chat, after):
                if event.message is not None:
                    console.print(chat_line(event, event.message), markup=False, highlight=False, soft_wrap=True)
            return await _reply_picture(chat)
    except TimeoutError:
        logs = "\n".join(f"The end of {name}'s log:\n{run.tail(name)}" for name in (INTAKE, ESTIMATOR, REPLIER))
        raise NotReadyError(f"No final answer after {timeout_s:.0f} s.\n{logs}") from None
    except RefusedError as error:
        raise UsageError(f"{photo.name} cannot be sent: {error}") from error
    except aiohttp.ClientError as error:
        raise NotReadyError(f"The chat broke off: {type(error).__name__}.") from error


async def _until_answered(run: Playground, chat: ChatClient, after: int) -> AsyncIterator[Event]:
    """The chat's events, until the bot has written a message and no request is live."""
    bot_wrote = False
    async with Redis.from_url(run.addresses.redis_url) as redis:
        while True:
            run.check()
            # Redis is asked before the log is read: the log then has everything that was said while a request was live.
            idle = await redis.zcard(keys.LIVE) == 0
            for event in await chat.log(after):
                after = event.seq
                bot_wrote = bot_wrote or bool(event.by_bot and event.kind == "message")
                yield event
            if bot_wrote and idle:
                return
            await asyncio.sleep(CHAT_POLL_S)


async def _reply_picture(chat: ChatClient) -> bytes | None:
    """The largest size of the bot's last picture in the chat."""
    pictures = [message.photo for message in await chat.messages(by_bot=True) if message.photo]
    return await chat.download(pictures[-1][-1].file_id) if pictures else None


def chat_line(event: Event, message: Message) -> str:
    """Who wrote, edited or deleted the message, and its content."""
    author = "bot" if event.by_bot else "you"
    action = {"edited": " (edited)", "deleted": " (deleted)"}.get(event.kind, "")
    return f"{author}{action}: " + f"\n{' ' * (len(author) + 2)}".join(content_lines(message))


def content_lines(message: Message) -> list[str]:
    """A message's content in lines of plain text."""
    lines = []
    if message.photo:
        lines.append(f"[picture, {message.photo[-1].width} x {message.photo[-1].height}]")
    if message.document:
        lines.append(f"[file {message.document.file_name}, {message.document.file_size} bytes]")
    return [*lines, *(message.text or message.caption or "").splitlines()]
