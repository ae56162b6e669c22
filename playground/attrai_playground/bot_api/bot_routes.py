"""The bot's side over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

import asyncio
import hmac

from aiohttp import web
from pydantic import JsonValue, ValidationError

from .errors import ApiError, bad_request
from .events import Event
from .failures import DOWNLOAD, Failure
from .methods import METHODS, Result, wire
from .requests import Parameters, read_parameters
from .telegram import Telegram

TELEGRAM = web.AppKey("telegram", Telegram)

MAX_LOGGED_LENGTH = 300
"""Characters of a parameter in the event log."""


def bot_routes() -> list[web.RouteDef]:
    """GET and POST alike."""
    return [
        web.route("*", "/bot{token:[^/]+}/{method:[A-Za-z]+}", _call),
        web.get("/file/bot{token:[^/]+}/{path:.+}", _download),
    ]


async def _call(request: web.Request) -> web.StreamResponse:
    telegram = request.app[TELEGRAM]
    name = request.match_info["method"]
    failure: Failure | None = None
    parameters = Parameters()
    try:
        _check_token(request, telegram)
        parameters = await read_parameters(request)
        failure = telegram.failures.next_for(name, parameters.chat_id)
        if failure:
            await _fail_before(request, failure)
        result = await _run(telegram, name, parameters)
    except web.HTTPRequestEntityTooLarge:
        return _failed(telegram, name, parameters, ApiError(413), failure)
    except ApiError as error:
        return _failed(telegram, name, parameters, error, failure)
    if failure and failure.cut == "after":
        _cut(request)
    if name.lower() != "getupdates":
        telegram.events.add(_event(name, parameters, failure).model_copy(update={"ok": True}))
    return web.json_response({"ok": True, "result": wire(result)})


async def _run(telegram: Telegram, name: str, parameters: Parameters) -> Result:
    method = METHODS.get(name.lower())
    if method is None:
        raise ApiError(404, "method not found")
    try:
        call = method.model_validate({**parameters.fields, "uploads": parameters.uploads})
    except ValidationError as error:
        problem = error.errors()[0]
        raise bad_request(f"can't parse {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    return await call.run(telegram)


async def _download(request: web.Request) -> web.StreamResponse:
    telegram = request.app[TELEGRAM]
    failure = telegram.failures.next_for(DOWNLOAD, None)
    try:
        _check_token(request, telegram)
        if failure:
            await _fail_before(request, failure)
        place = telegram.media.linked_file(request.match_info["path"])
    except ApiError as error:
        return _failed(telegram, DOWNLOAD, Parameters(), error, failure)
    if failure and failure.cut == "after":
        _cut(request)
    return web.FileResponse(place, headers={"Content-Type": "application/octet-stream"})


def _check_token(request: web.Request, telegram: Telegram) -> None:
    if not hmac.compare_digest(request.match_info["token"].encode(), telegram.token.encode()):
        raise ApiError(401)


async def _fail_before(request: web.Request, failure: Failure) -> None:
    await asyncio.sleep(failure.delay)
    if failure.cut == "before":
        _cut(request)
        raise ApiError(500, "connection cut")
    if failure.code:
        retry = failure.retry_after or (1 if failure.code == 429 else None)  # noqa: PLR2004 -- HTTP
        raise ApiError(failure.code, failure.description or (f"retry after {retry}" if retry else ""), retry)


def _cut(request: web.Request) -> None:
    """Closes the connection; the answer made afterwards is not sent."""
    if request.transport is not None:
        request.transport.abort()


def _failed(
    telegram: Telegram, name: str, parameters: Parameters, error: ApiError, failure: Failure | None
) -> web.Response:
    telegram.events.add(
        _event(name, parameters, failure).model_copy(
            update={"ok": False, "code": error.code, "description": error.description}
        )
    )
    if failure and failure.as_html:
        return web.Response(status=error.code, content_type="text/html", text=f"<h1>{error.description}</h1>")
    body: dict[str, JsonValue] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.retry_after is not None:
        body["parameters"] = {"retry_after": error.retry_after}
    return web.json_response(body, status=error.code)


def _event(name: str, parameters: Parameters, failure: Failure | None) -> Event:
    logged: dict[str, JsonValue] = {key: str(value)[:MAX_LOGGED_LENGTH] for key, value in parameters.fields.items()}
    logged |= {key: f"{len(upload.data)} bytes" for key, upload in parameters.uploads.items()}
    return Event(kind="call", chat_id=parameters.chat_id, method=name, parameters=logged, ordered=failure is not None)
