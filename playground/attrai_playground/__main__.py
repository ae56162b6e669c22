"""The command `attrai-playground`: the whole system on this machine, without a server, Docker or an account."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from attrai_local.errors import InUseError, SupervisionError, UsageError
from attrai_local.signals import terminate_like_ctrl_c
from rich.console import Console

from attrai_playground.demo import SAMPLE, run_demo
from attrai_playground.run import CHAT_PORT, serve
from attrai_playground.telegram_bot import telegram_bot

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    help="Attrai on this machine: Valkey, a Bot API server with a chat page, the bot, an estimator.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def demo(
    photo: Annotated[
        Path, typer.Argument(metavar="PHOTO", help="Any file; a sample without it.", show_default=False)
    ] = SAMPLE,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the reply's picture goes, as NAME.jpg.")] = Path(
        "out"
    ),
) -> None:
    """Send one photo through bot, queue and estimator, print the chat, write the reply's picture, end.

    Exit status: 0 when the bot answered, whatever it said; 1 when it did not; 2 when PHOTO cannot be read.
    """
    with _exit_status(INTERRUPTED):
        run_demo(Console(), dict(os.environ), photo, out)


@app.command()
def run(
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="Where queues, chat and logs outlive a run; may be deleted after it.")
    ] = Path(".demo"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The chat page's port; 0: any free one.")] = CHAT_PORT,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the chat page in a browser.")] = False,
) -> None:
    """Stay up until Ctrl-C: serve Telegram where BOT_TOKEN is set, else a chat page on this machine.

    The token can also be in ATTRAI_BOT_TOKEN, or in the file that ATTRAI_BOT_TOKEN_FILE names. ATTRAI_BOT_API_URL
    selects another Bot API server than Telegram's. The state is in .demo/ of the current folder. It may be deleted when
    nothing runs; the local chat, queued photos and the users' settings are lost with it.
    """
    parent_environment = dict(os.environ)
    with _exit_status(interrupted=0):
        serve(Console(), parent_environment, telegram_bot(parent_environment), state, port, open_page=not no_open)


def main() -> None:
    """Entry of the console script."""
    terminate_like_ctrl_c()
    app(prog_name="attrai-playground")


@contextmanager
def _exit_status(interrupted: int) -> Iterator[None]:
    """Turns an error into its sentence and an exit status, and Ctrl-C into an exit status."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(interrupted) from None
    except SupervisionError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(MISUSED if isinstance(error, UsageError | InUseError) else FAILED) from None


if __name__ == "__main__":
    main()
