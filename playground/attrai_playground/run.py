"""`attrai-playground run`: stays up and serves Telegram, or the local chat page, until it is stopped."""

import webbrowser
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from attrai_playground.embedded import playground
from attrai_playground.screen import screen

PORT = 8090
"""The chat page's port: the same each time, so that an open page goes on."""


def serve(
    console: Console, surroundings: dict[str, str], token: str | None, state: Path, port: int, *, open_page: bool
) -> NoReturn:
    """Serves for ever; ends by KeyboardInterrupt, or by the PlaygroundError that says what went wrong."""
    with (
        playground(surroundings=surroundings, telegram_token=token, state=state, port=port) as run,
        screen(console) as watch,
    ):
        console.print(f"State and logs are in {state.resolve()}", highlight=False, soft_wrap=True)
        run.await_ready(watch=watch)
        if token is not None:
            console.print("Serving Telegram: write to your bot. Ctrl-C ends it.", soft_wrap=True)
        else:
            console.print(f"Chat with the bot on {run.chat_url} - Ctrl-C ends it.", soft_wrap=True)
            if open_page:
                webbrowser.open(run.chat_url)
        run.follow(watch)
