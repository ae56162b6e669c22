"""The webhook, which Telegram calls.

A call is answered after its handler has finished, so that a kill loses no update.
"""

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

from attrai_bot.intake.polling import HANDLER_DRAIN_TIMEOUT_S, MAX_HANDLERS, Handle

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of the header
MAX_BODY_BYTES = 1024 * 1024


def webhook_app(bot: Bot, handle: Handle, path: str, secret: str) -> web.Application:
    """POST `path` with the secret in its header takes an update.

    200 once it is handled, 401 without the secret, 400 for a body that is no update, 503 while `MAX_HANDLERS` run.
    503 too while this update is handled already: Telegram repeats a call after a minute, and a 200 would confirm it.
    """
    in_progress: set[int] = set()

    async def on_call(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode()):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            update = Update.model_validate_json(await request.read(), context={"bot": bot})
        except ValidationError:
            event(logger, "update_unreadable", level=logging.WARNING)
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        if len(in_progress) >= MAX_HANDLERS or update.update_id in in_progress:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        in_progress.add(update.update_id)
        try:
            await handle(update)
        finally:
            in_progress.discard(update.update_id)
        return web.Response()

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post(path, on_call)
    return app


@asynccontextmanager
async def served(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Listens while the block runs; then open calls have `HANDLER_DRAIN_TIMEOUT_S` to finish."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=HANDLER_DRAIN_TIMEOUT_S, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def path_of(url: str) -> str:
    """The path of the webhook's address."""
    return urlsplit(url).path or "/"
