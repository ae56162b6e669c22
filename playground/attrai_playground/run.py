"""`attrai-playground run`: serves Telegram or the local chat page until it is stopped."""

import asyncio
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from attrai_playground.services import Addresses
from attrai_playground.status_display import status_display
from attrai_playground.system import playground
from attrai_playground.telegram_bot import TelegramBot, bot_name

CHAT_PORT = 8090
"""Always the same, so that an open page keeps working over a restart."""
DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""One of them is set where a browser can open a window. Without a window it would take over the terminal."""


def serve(
    console: Console,
    parent_environment: dict[str, str],
    bot: TelegramBot | None,
    state: Path,
    port: int,
    *,
    open_page: bool,
) -> NoReturn:
    """Serves until it raises: KeyboardInterrupt, or the SupervisionError that says what went wrong."""
    name = None if bot is None else asyncio.run(bot_name(bot.api_url, bot.token))
    with (
        playground(parent_environment=parent_environment, telegram=bot, state=state, port=port) as run,
        status_display(console) as show,
    ):
        console.print(f"State and logs are in {state.resolve()}", highlight=False, soft_wrap=True)
        run.await_ready(show=show)
        console.print(f"{invitation(run.addresses, name)} Ctrl-C ends it.", soft_wrap=True)
        if bot is None and open_page and can_open_window(parent_environment):
            webbrowser.open(run.chat_url)
        try:
            run.follow(show)
        except KeyboardInterrupt:
            console.print("Ending ...")
            raise


def invitation(addresses: Addresses, name: str | None) -> str:
    """Where to chat with the bot. `name`: its username on Telegram, None when Telegram could not be reached."""
    if addresses.port is not None:
        return f"Chat with the bot on {addresses.bot_api_url} now."
    return (
        "Telegram cannot be reached yet; trying on." if name is None else f"Serving Telegram as @{name}: write to it."
    )


def can_open_window(environment: Mapping[str, str]) -> bool:
    """Whether a browser would open beside the terminal."""
    return sys.platform == "darwin" or any(environment.get(name) for name in DISPLAY_VARIABLES)
