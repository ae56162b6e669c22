"""Serves the chat page's files."""

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).parent.parent / "page"

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes() -> list[web.RouteDef]:
    """/ and one route for each file: no path leads from a request to the disk."""
    files = sorted(file for file in PAGE.iterdir() if file.suffix in (".css", ".js", ".svg"))
    return [_route("/", PAGE / "index.html"), *(_route(f"/page/{file.name}", file) for file in files)]


def _route(path: str, file: Path) -> web.RouteDef:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file, headers=_HEADERS)

    return web.get(path, serve)
