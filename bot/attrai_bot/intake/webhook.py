"""The webhook: Telegram calls us. A call is answered after its handler has finished, so that a kill loses no update."""

import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.types import Update
from aiohttp import web
from attrai_shared.logs import event
from pydantic import ValidationError

from attrai_bot.intake.polling import AT_ONCE, DRAIN, Handle

logger = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BODY = 1024 * 1024


def webhook_app(bot: Bot, handle: Handle, path: str, secret: str) -> web.Application:
    """POST `path` with the secret in its header takes an update.

    200 once it is handled, 401 without the secret, 400 for what is no update, 503 while `AT_ONCE` others are handled, or this one is:
    Telegram calls again after a minute, and must not take an answer to that for an answer to the first call.
    """
    under_way: set[int] = set()

    async def on_call(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), secret.encode()):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            update = Update.model_validate_json(await request.read(), context={"bot": bot})
        except ValidationError:
            event(logger, "update_unreadable", level=logging.WARNING)
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        if len(under_way) >= AT_ONCE or update.update_id in under_way:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        under_way.add(update.update_id)
        try:
            await handle(update)
        finally:
            under_way.discard(update.update_id)
        return web.Response()

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post(path, on_call)
    return app


@asynccontextmanager
async def served(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Listens while the block runs; calls under way then have `DRAIN` seconds to finish."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def path_of(url: str) -> str:
    """The path under which a webhook's address is called."""
    return urlsplit(url).path or "/"
