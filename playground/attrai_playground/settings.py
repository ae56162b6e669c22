"""What the playground takes from the environment: the bot's token alone."""

from collections.abc import Mapping
from pathlib import Path

from attrai_playground.supervision.errors import UsageError

TOKEN_NAMES = ("BOT_TOKEN", "ATTRAI_BOT_TOKEN")
TOKEN_FILE_NAME = "ATTRAI_BOT_TOKEN_FILE"  # noqa: S105  # the name of a setting


def telegram_token(environment: Mapping[str, str]) -> str | None:
    """The token of a bot on Telegram, or None: the local chat is meant. Raises UsageError for an unreadable file."""
    tokens = [environment[name].strip() for name in TOKEN_NAMES if name in environment]
    if path := environment.get(TOKEN_FILE_NAME):
        try:
            tokens.append(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{TOKEN_FILE_NAME} names a file that cannot be read: {path}") from error
    return next(filter(None, tokens), None)
