"""Who the bot is on Telegram: asked once before anything starts, so that a wrong token is said at once."""

import re

import aiohttp
from attrai_local.errors import UsageError
from pydantic import BaseModel, ValidationError

TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+", re.ASCII)
ANSWERED_WITHIN = 10.0
"""Seconds that Telegram may take; later than that, the bot goes on trying by itself."""
UNKNOWN = (401, 404)
"""How the Bot API answers a token that is none of its bots'."""


class _Bot(BaseModel):
    username: str


class _Answer(BaseModel):
    result: _Bot


async def bot_name(base_url: str, token: str, within: float = ANSWERED_WITHIN) -> str | None:
    """The bot's username; None when the Bot API cannot be reached now. Raises UsageError for a token that is wrong."""
    if TOKEN.fullmatch(token) is None:
        raise UsageError("This BOT_TOKEN is not whole: one reads NUMBER:LETTERS; copy it again from @BotFather.")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within)) as session,
            session.get(f"{base_url}/bot{token}/getMe", allow_redirects=False) as answer,
        ):
            return _name_in(answer.status, await answer.read())
    except (aiohttp.ClientError, TimeoutError):
        return None


def _name_in(status: int, body: bytes) -> str | None:
    if status in UNKNOWN:
        raise UsageError("Telegram does not know this BOT_TOKEN; ask @BotFather for it.")
    try:
        return _Answer.model_validate_json(body).result.username
    except ValidationError:
        return None
