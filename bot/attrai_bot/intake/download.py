"""The edge from Telegram's files to the photo store: streamed, capped, within a time of its own."""

import asyncio
from collections.abc import AsyncIterator

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiohttp import ClientError, ClientResponseError
from attrai_shared.errors import DownloadFailed, TooManyBytes
from attrai_shared.photo_store import Part, PhotoStore

from attrai_bot.delivery.reply_sender import insist
from attrai_bot.telegram.bot_api import FINAL
from attrai_bot.telegram.limits import MAX_BYTES

PAUSES = (1.0, 2.0)
"""Seconds between the attempts."""
WITHIN = 30
"""Seconds that one attempt may take: 20 MB at 700 KB/s."""
PATIENCE = 15.0
"""Seconds for which Telegram is asked where the file is."""


async def download(bot: Bot, file_id: str, store: PhotoStore, request_id: str) -> None:
    """The file's bytes become the request's source.

    Raises DownloadFailed, TooManyBytes, StoreUnavailable; then nothing is stored.
    """
    path = await _path(bot, file_id)
    for pause in PAUSES:
        try:
            await _copy(bot, path, store, request_id)
        except DownloadFailed:
            await asyncio.sleep(pause)
        else:
            return
    await _copy(bot, path, store, request_id)


async def _path(bot: Bot, file_id: str) -> str:
    try:
        file = await insist(lambda: bot.get_file(file_id), PATIENCE)
    except TelegramBadRequest as error:
        raise TooManyBytes if "too big" in error.message.lower() else DownloadFailed from None
    except FINAL as error:
        raise DownloadFailed(type(error).__name__) from None
    if file is None or file.file_path is None:
        raise DownloadFailed("no path")
    return file.file_path


async def _copy(bot: Bot, path: str, store: PhotoStore, request_id: str) -> None:
    taken = 0
    with store.writing(request_id, Part.SOURCE) as source:
        async for chunk in _chunks(bot, path):
            taken += len(chunk)
            if taken > MAX_BYTES:
                raise TooManyBytes
            source.write(chunk)


async def _chunks(bot: Bot, path: str) -> AsyncIterator[bytes]:
    """The network's errors end here: their texts hold the token, and some are OSErrors, as the disk's are."""
    url = bot.session.api.file_url(bot.token, path)
    try:
        async for chunk in bot.session.stream_content(url, timeout=WITHIN, raise_for_status=True):
            yield chunk
    except ClientResponseError as error:
        raise DownloadFailed(f"status {error.status}") from None
    except (ClientError, TimeoutError, OSError) as error:
        raise DownloadFailed(type(error).__name__) from None
