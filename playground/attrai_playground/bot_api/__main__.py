"""`python -m attrai_playground.bot_api`: runs the server until SIGTERM or Ctrl-C."""

import asyncio
import re
import signal
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from .app import create_app

HOST = "127.0.0.1"


def main(
    token: Annotated[str, typer.Option(envvar="BOT_TOKEN", help="The bot's token, NUMBER:TEXT.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 0,
    state: Annotated[Path | None, typer.Option(help="Folder where state and media outlive a kill.")] = None,
) -> None:
    """Serves the Bot API and the chat page for this machine."""
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token):
        raise typer.BadParameter("a token is NUMBER:TEXT")
    asyncio.run(serve(token, port, state))


async def serve(token: str, port: int, state: Path | None) -> None:
    """Prints one line with the address when it listens; returns after SIGTERM or SIGINT."""
    runner = web.AppRunner(create_app(token, state), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    print(f"Bot API and chat page on http://{HOST}:{runner.addresses[0][1]}", flush=True)  # noqa: T201 -- for the parent
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asked.wait()
    await runner.cleanup()


if __name__ == "__main__":
    typer.run(main)
