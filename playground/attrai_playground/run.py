"""`attrai-playground run`: stays up and serves Telegram, or the local chat page, until it is stopped."""

import asyncio
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from attrai_playground.embedded import playground
from attrai_playground.screen import screen
from attrai_playground.services import Addresses
from attrai_playground.settings import TelegramBot
from attrai_playground.telegram import bot_name

PORT = 8090
"""The chat page's port: the same each time, so that an open page goes on."""
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""One of these is set where a browser can open a window; without a window it would take the terminal."""


def serve(
    console: Console,
    parent_environment: dict[str, str],
    bot: TelegramBot | None,
    state: Path,
    port: int,
    *,
    open_page: bool,
) -> NoReturn:
    """Serves for ever; ends by KeyboardInterrupt, or by the SupervisionError that says what went wrong."""
    name = None if bot is None else asyncio.run(bot_name(bot.api_url, bot.token))
    with (
        playground(parent_environment=parent_environment, telegram=bot, state=state, port=port) as run,
        screen(console) as watch,
    ):
        console.print(f"State and logs are in {state.resolve()}", highlight=False, soft_wrap=True)
        run.await_ready(watch=watch)
        console.print(f"{invitation(run.addresses, name)} Ctrl-C ends it.", soft_wrap=True)
        if bot is None and open_page and has_windows(parent_environment):
            webbrowser.open(run.chat_url)
        try:
            run.follow(watch)
        except KeyboardInterrupt:
            console.print("Ending ...")
            raise


def invitation(addresses: Addresses, name: str | None) -> str:
    """Where one chats with the bot. `name`: its username on Telegram, None where nobody could be asked for it."""
    if addresses.port is not None:
        return f"Chat with the bot on {addresses.bot_api_url} now."
    return (
        "Telegram cannot be reached yet; trying on." if name is None else f"Serving Telegram as @{name}: write to it."
    )


def has_windows(parent_environment: Mapping[str, str]) -> bool:
    """Whether a browser would open beside the terminal."""
    return sys.platform == "darwin" or any(parent_environment.get(name) for name in SCREENS)
