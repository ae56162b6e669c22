"""The chat pages' side of the Telegram stand-in, on the loopback: it serves pages of its own machine only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from drills.swarm import address

PORT = 8081


@asynccontextmanager
async def telegram() -> AsyncIterator[str]:
    """The URL while the block runs."""
    host = address("telegram")

    async def relay(here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the drill is over, and nobody waits for this connection
            there, forth = await asyncio.open_connection(host, PORT)
            await asyncio.gather(_pump(here, forth), _pump(there, back))

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
