"""The bot on Telegram that the environment names, if any, and its username."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from attrai_local.errors import UsageError
from pydantic import BaseModel, ValidationError

TOKEN_NAMES = ("BOT_TOKEN", "ATTRAI_BOT_TOKEN")
TOKEN_FILE_NAME = "ATTRAI_BOT_TOKEN_FILE"  # noqa: S105  # the name of a setting
TELEGRAM_URL = "https://api.telegram.org"
TOKEN_PATTERN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+", re.ASCII)
GET_ME_TIMEOUT_S = 10.0
UNKNOWN_TOKEN_STATUSES = (401, 404)


@dataclass(frozen=True)
class TelegramBot:
    """A bot on Telegram, or on another Bot API server that knows it."""

    token: str = field(repr=False)
    api_url: str = TELEGRAM_URL


def telegram_bot(environment: Mapping[str, str]) -> TelegramBot | None:
    """The bot that the environment names; None selects the local chat. Raises UsageError for an unreadable file."""
    token = telegram_token(environment)
    url = environment.get("ATTRAI_BOT_API_URL") or TELEGRAM_URL
    return None if token is None else TelegramBot(token, url.rstrip("/"))


def telegram_token(environment: Mapping[str, str]) -> str | None:
    """The token of a bot on Telegram; None selects the local chat. Raises UsageError for an unreadable file."""
    tokens = [environment[name].strip() for name in TOKEN_NAMES if name in environment]
    if path := environment.get(TOKEN_FILE_NAME):
        try:
            tokens.append(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{TOKEN_FILE_NAME} names a file that cannot be read: {path}") from error
    return next(filter(None, tokens), None)


class _Bot(BaseModel):
    username: str


class _GetMeAnswer(BaseModel):
    result: _Bot


async def bot_name(base_url: str, token: str, timeout_s: float = GET_ME_TIMEOUT_S) -> str | None:
    """The bot's username; None when the Bot API cannot be reached.

    It is asked before anything starts, so that a wrong token is reported at once. Raises UsageError for a wrong token.
    """
    if TOKEN_PATTERN.fullmatch(token) is None:
        raise UsageError("This BOT_TOKEN is not whole: one reads NUMBER:LETTERS; copy it again from @BotFather.")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            session.get(f"{base_url}/bot{token}/getMe", allow_redirects=False) as answer,
        ):
            return _read_name(answer.status, await answer.read())
    except (aiohttp.ClientError, TimeoutError):
        return None


def _read_name(status: int, body: bytes) -> str | None:
    if status in UNKNOWN_TOKEN_STATUSES:
        raise UsageError("Telegram does not know this BOT_TOKEN; ask @BotFather for it.")
    try:
        return _GetMeAnswer.model_validate_json(body).result.username
    except ValidationError:
        return None
