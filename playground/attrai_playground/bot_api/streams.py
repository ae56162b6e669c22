"""The people's side, continued: the stream of events, and the files' bytes."""

from aiohttp import web

from .bot_routes import TELEGRAM
from .errors import ApiError
from .methods import wire

SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif")
"""All else is only offered for saving: a page or an SVG that someone sent must not run here."""


def stream_routes() -> list[web.RouteDef]:
    """As drawn in `control`'s docstring."""
    return [
        web.get("/playground/events", _events),
        web.get("/playground/log", _log),
        web.get("/playground/files/{file_id}", _file),
    ]


async def _events(request: web.Request) -> web.StreamResponse:
    events = request.app[TELEGRAM].events
    after = _number(request.headers.get("Last-Event-ID")) or _number(request.query.get("after")) or 0
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(b": here\n\n")
    async for event in events.follow(after, _number(request.query.get("chat_id"))):
        await response.write(
            f"id: {event.seq}\ndata: {event.model_dump_json(by_alias=True, exclude_none=True)}\n\n".encode()
        )
    return response


async def _log(request: web.Request) -> web.Response:
    query = request.query
    found = request.app[TELEGRAM].events.after(_number(query.get("after")) or 0, _number(query.get("chat_id")))
    return web.json_response(wire(found))


async def _file(request: web.Request) -> web.StreamResponse:
    found = request.app[TELEGRAM].media.find(request.match_info["file_id"])
    if found is None:
        raise ApiError(404, "no such file")
    file, place = found
    inline = file.mime_type in SHOWN_INLINE
    headers = {
        "Content-Type": file.mime_type if inline else "application/octet-stream",
        "Content-Disposition": "inline" if inline else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.FileResponse(place, headers=headers)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
