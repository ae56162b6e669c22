"""Delivery to a webhook: secret, order, tries, and what getWebhookInfo tells."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiohttp import web
from aiohttp.test_utils import TestServer
from attrai_playground.bot_api import ChatClient
from telegram import Bot as TelegramBot

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


class Hook:
    """The bot's side: answers with `statuses` in turn, then with 200; keeps what came."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.came: asyncio.Queue[tuple[str, str | None, int]] = asyncio.Queue()
        """Text, secret, update id."""

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.came.put_nowait((update["message"]["text"], secret, update["update_id"]))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
async def hook_url(hook: Hook) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    async with TestServer(app) as running:
        yield str(running.make_url("/hook"))


async def _next(hook: Hook) -> tuple[str, str | None, int]:
    async with asyncio.timeout(10):
        return await hook.came.get()


async def _all_taken(bot: Bot, until: Until) -> None:
    async def none_waits() -> bool:
        return (await bot.get_webhook_info()).pending_update_count == 0

    await until(none_waits)


async def test_updates_come_with_the_secret(
    aiogram_bot: Bot, chat: ChatClient, hook: Hook, hook_url: str, until: Until
) -> None:
    await chat.send_text("before")
    await aiogram_bot.set_webhook(hook_url, secret_token="s3cret_-")
    await chat.send_text("after")
    assert [(await _next(hook))[:2] for _ in range(2)] == [("before", "s3cret_-"), ("after", "s3cret_-")]
    await _all_taken(aiogram_bot, until)
    await aiogram_bot.delete_webhook()
    assert await aiogram_bot.get_updates() == []


async def test_a_failed_update_is_repeated_first(
    aiogram_bot: Bot, chat: ChatClient, hook: Hook, hook_url: str, until: Until
) -> None:
    hook.statuses = [500, 404]
    await aiogram_bot.set_webhook(hook_url)
    await chat.send_text("a")
    await chat.send_text("b")
    assert [(await _next(hook))[0] for _ in range(4)] == ["a", "a", "a", "b"]
    await _all_taken(aiogram_bot, until)
    info = await aiogram_bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"
    assert info.last_error_date is not None


async def test_updates_that_the_webhook_did_not_accept_can_be_polled(
    telegram_bot: TelegramBot, chat: ChatClient, hook: Hook, hook_url: str
) -> None:
    hook.statuses = [500] * 1000
    await telegram_bot.set_webhook(hook_url, allowed_updates=["message"])
    await chat.send_text("a")
    await _next(hook)
    info = await telegram_bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.allowed_updates) == (hook_url, 1, ("message",))
    await telegram_bot.delete_webhook()
    (update,) = await telegram_bot.get_updates()
    assert update.message is not None
    assert update.message.text == "a"


async def test_pending_updates_are_dropped(aiogram_bot: Bot, chat: ChatClient, hook: Hook, hook_url: str) -> None:
    await chat.send_text("old")
    await aiogram_bot.set_webhook(hook_url, drop_pending_updates=True)
    await chat.send_text("new")
    assert (await _next(hook))[0] == "new"


async def test_an_unreachable_webhook_is_reported(aiogram_bot: Bot, chat: ChatClient, until: Until) -> None:
    await aiogram_bot.set_webhook("http://127.0.0.1:9/hook")
    await chat.send_text("a")

    async def is_reported() -> bool:
        return (await aiogram_bot.get_webhook_info()).last_error_message is not None

    await until(is_reported)
    info = await aiogram_bot.get_webhook_info()
    assert info.pending_update_count == 1


@pytest.mark.parametrize("secret", ["a b", "é", "x" * 257])
async def test_a_secret_that_fits_no_header(aiogram_bot: Bot, secret: str) -> None:
    with pytest.raises(TelegramBadRequest, match="secret token"):
        await aiogram_bot.set_webhook("https://example.org", secret_token=secret)
    assert (await aiogram_bot.get_webhook_info()).url == ""
