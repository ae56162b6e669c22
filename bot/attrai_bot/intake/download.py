"""Downloads a file from Telegram into the photo store: streamed, limited in size and time, retried."""

from collections.abc import AsyncIterator
from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiohttp import ClientError, ClientResponseError
from attrai_shared.errors import DownloadFailed, TooManyBytes
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.retry import RetryPolicy

from attrai_bot.telegram.bot_api import FINAL_ERRORS
from attrai_bot.telegram.limits import MAX_DOWNLOAD_BYTES
from attrai_bot.telegram.sending import call_telegram

DOWNLOAD_RETRY = RetryPolicy(on=(DownloadFailed,), first_pause_s=1.0, longest_pause_s=2.0, max_attempts=3)
DOWNLOAD_TIMEOUT_S = 30
"""Limit of one attempt: 20 MB at 700 KB/s."""
GET_FILE_TIMEOUT_S = 15.0
"""How long the request for the file's path is retried."""


async def download(bot: Bot, file_id: str, store: PhotoStore, request_id: str) -> None:
    """The file becomes the request's source.

    Raises DownloadFailed, TooManyBytes, StoreUnavailable; then nothing is stored.
    """
    path = await _file_path(bot, file_id)
    await DOWNLOAD_RETRY.call_async(partial(_copy, bot, path, store, request_id))


async def _file_path(bot: Bot, file_id: str) -> str:
    try:
        file = await call_telegram(lambda: bot.get_file(file_id), GET_FILE_TIMEOUT_S)
    except TelegramBadRequest as error:
        raise TooManyBytes if "too big" in error.message.lower() else DownloadFailed from None
    except FINAL_ERRORS as error:
        raise DownloadFailed(type(error).__name__) from None
    if file is None or file.file_path is None:
        raise DownloadFailed("no path")
    return file.file_path


async def _copy(bot: Bot, path: str, store: PhotoStore, request_id: str) -> None:
    size = 0
    with store.writing(request_id, Part.SOURCE) as source:
        async for chunk in _chunks(bot, path):
            size += len(chunk)
            if size > MAX_DOWNLOAD_BYTES:
                raise TooManyBytes
            source.write(chunk)


async def _chunks(bot: Bot, path: str) -> AsyncIterator[bytes]:
    """Translates network errors here: their texts hold the token, and some are OSErrors as the disk's are."""
    url = bot.session.api.file_url(bot.token, path)
    try:
        async for chunk in bot.session.stream_content(url, timeout=DOWNLOAD_TIMEOUT_S, raise_for_status=True):
            yield chunk
    except ClientResponseError as error:
        raise DownloadFailed(f"status {error.status}") from None
    except (ClientError, TimeoutError, OSError) as error:
        raise DownloadFailed(type(error).__name__) from None
