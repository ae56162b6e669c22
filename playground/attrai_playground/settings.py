"""What the playground takes from the environment: which bot on Telegram it is to be, if any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from attrai_local.errors import UsageError

TOKEN_NAMES = ("BOT_TOKEN", "ATTRAI_BOT_TOKEN")
TOKEN_FILE_NAME = "ATTRAI_BOT_TOKEN_FILE"  # noqa: S105  # the name of a setting
TELEGRAM = "https://api.telegram.org"


@dataclass(frozen=True)
class TelegramBot:
    """A bot on Telegram, or on another Bot API server that knows it."""

    token: str = field(repr=False)
    api_url: str = TELEGRAM


def telegram_bot(environment: Mapping[str, str]) -> TelegramBot | None:
    """The bot that the environment names, or None: the local chat is meant. Raises UsageError for an unreadable file."""
    token = telegram_token(environment)
    url = environment.get("ATTRAI_BOT_API_URL") or TELEGRAM
    return None if token is None else TelegramBot(token, url.rstrip("/"))


def telegram_token(environment: Mapping[str, str]) -> str | None:
    """The token of a bot on Telegram, or None: the local chat is meant. Raises UsageError for an unreadable file."""
    tokens = [environment[name].strip() for name in TOKEN_NAMES if name in environment]
    if path := environment.get(TOKEN_FILE_NAME):
        try:
            tokens.append(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{TOKEN_FILE_NAME} names a file that cannot be read: {path}") from error
    return next(filter(None, tokens), None)
