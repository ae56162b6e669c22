"""The bot that the environment names, and the answers of real servers to getMe."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from attrai_local.errors import UsageError
from attrai_playground.telegram_bot import TelegramBot, bot_name, telegram_bot, telegram_token

TOKEN = "42:playground-token"


@asynccontextmanager
async def answering(status: int, body: str) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_right_token_gives_the_bots_name(base_url: str, bot_url: str) -> None:
    assert await bot_name(base_url, TOKEN) == "attrai_playground_bot"


async def test_a_wrong_token_is_reported_without_its_value(base_url: str) -> None:
    with pytest.raises(UsageError, match="Telegram does not know this BOT_TOKEN; ask @BotFather for it") as raised:
        await bot_name(base_url, "43:another")
    assert "43:" not in str(raised.value)


async def test_a_token_answered_with_404_is_wrong_too() -> None:
    async with answering(404, '{"ok": false, "error_code": 404, "description": "Not Found"}') as url:
        with pytest.raises(UsageError, match="does not know"):
            await bot_name(url, TOKEN)


@pytest.mark.parametrize("token", ["this is no token", "42", "42:", "42:a/../b", ":secret", "42:sécret"])
async def test_an_impossible_token_is_never_sent(token: str) -> None:
    with pytest.raises(UsageError, match="BOT_TOKEN is not whole") as raised:
        await bot_name("http://nowhere.invalid", token)
    assert token not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "body"), [(502, "<html>"), (429, '{"ok": false}'), (200, "sign in to this hotel"), (302, "")]
)
async def test_an_answer_that_is_not_telegrams_counts_as_unreachable(status: int, body: str) -> None:
    async with answering(status, body) as url:
        assert await bot_name(url, TOKEN) is None


async def test_a_closed_port_counts_as_unreachable() -> None:
    assert await bot_name(f"http://127.0.0.1:{unused_port()}", TOKEN) is None


async def test_a_silent_server_counts_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert await bot_name(f"http://127.0.0.1:{port}", TOKEN, timeout_s=0.05) is None


@pytest.mark.parametrize("name", ["BOT_TOKEN", "ATTRAI_BOT_TOKEN"])
def test_a_token_in_the_environment_means_telegram(name: str) -> None:
    assert telegram_token({name: " 42:secret \n"}) == "42:secret"


@pytest.mark.parametrize(
    "environment", [{}, {"BOT_TOKEN": ""}, {"ATTRAI_BOT_TOKEN": " "}, {"ATTRAI_BOT_TOKEN_FILE": ""}]
)
def test_no_token_means_the_local_chat(environment: dict[str, str]) -> None:
    assert telegram_token(environment) is None


def test_the_token_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("42:secret\n")
    assert telegram_token({"ATTRAI_BOT_TOKEN_FILE": str(tmp_path / "token")}) == "42:secret"


def test_a_bot_is_on_telegram_unless_another_server_is_named() -> None:
    assert telegram_bot({"BOT_TOKEN": "42:secret"}) == TelegramBot("42:secret", "https://api.telegram.org")
    named = {"BOT_TOKEN": "42:secret", "ATTRAI_BOT_API_URL": "http://127.0.0.1:8081/"}
    assert telegram_bot(named) == TelegramBot("42:secret", "http://127.0.0.1:8081")
    assert telegram_bot({"ATTRAI_BOT_API_URL": "http://127.0.0.1:8081"}) is None


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(TelegramBot("42:secret"))


def test_a_missing_token_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a file that cannot be read"):
        telegram_token({"ATTRAI_BOT_TOKEN_FILE": str(tmp_path / "none")})
