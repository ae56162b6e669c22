"""A TCP proxy on the loopback to the Telegram stand-in, whose chat pages serve their own machine only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from drills.swarm import address

PORT = 8081


@asynccontextmanager
async def telegram_proxy() -> AsyncIterator[str]:
    """Yields the proxy's URL."""
    host = address("telegram")

    async def relay(client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the drill has ended with this connection open
            server_in, server_out = await asyncio.open_connection(host, PORT)
            await asyncio.gather(_pump(client_in, server_out), _pump(server_in, client_out))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()
