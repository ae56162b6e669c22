"""Assembles the server: state, routes, the chat page, access control of the people's side, webhook delivery."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from .bot_routes import TELEGRAM, bot_routes
from .control import control_routes
from .errors import ApiError
from .telegram import Telegram

MAX_BODY_BYTES = 64 * 1024 * 1024
"""More than getFile serves, so that a person can send a file that is too big for a bot."""

PAGE = Path(__file__).parent.parent / "page"

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_LOCAL = ("127.0.0.1", "localhost", "::1")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    token: str,
    state_dir: Path | None = None,
    *,
    clock: Callable[[], float] = time.time,
    webhook_pause: float = 1.0,
) -> web.Application:
    """The Bot API server of one bot with its people's side and chat page.

    `token`: NUMBER:TEXT, as Telegram's. `state_dir`: where state and media are kept; without it they are temporary.
    `clock`: seconds since 1970. `webhook_pause`: seconds before a failed delivery is tried again; it doubles.
    `app[TELEGRAM]` is the state.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_control_access])

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        with contextlib.ExitStack() as stack:
            folder = state_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="playground-")))
            telegram = _open(token, folder, state_dir is not None, clock, webhook_pause)
            stack.callback(telegram.close_database)
            app[TELEGRAM] = telegram
            delivery = asyncio.create_task(telegram.webhook.deliver())
            yield
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)

    app.cleanup_ctx.append(lifetime)
    app.on_shutdown.append(_close)
    app.add_routes([*bot_routes(), *control_routes(), *page_routes()])
    return app


def _open(token: str, folder: Path, lasting: bool, clock: Callable[[], float], webhook_pause: float) -> Telegram:
    folder.mkdir(parents=True, exist_ok=True)
    return Telegram(token, folder / "media", folder / "state.sqlite3" if lasting else None, clock, webhook_pause)


async def _close(app: web.Application) -> None:
    app[TELEGRAM].close()


@web.middleware
async def _control_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Allows the people's side to pages of this machine only, and makes its errors sentences."""
    if request.path.startswith(("/bot", "/file/")):
        return await handler(request)
    if not _is_local(request):
        return web.json_response({"error": "this is for pages of this machine only"}, status=403)
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response({"error": error.description}, status=error.code)
    except web.HTTPClientError as error:
        return web.json_response({"error": error.reason}, status=error.status)


def _is_local(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return request.url.host in _LOCAL and (origin is None or urlsplit(origin).hostname in _LOCAL)


def page_routes() -> list[web.RouteDef]:
    """/ and one route for each file, so that no request names a path on the disk."""
    files = sorted(file for file in PAGE.iterdir() if file.suffix in (".css", ".js", ".svg"))
    return [_route("/", PAGE / "index.html"), *(_route(f"/page/{file.name}", file) for file in files)]


def _route(path: str, file: Path) -> web.RouteDef:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file, headers=_HEADERS)

    return web.get(path, serve)
