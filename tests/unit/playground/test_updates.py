"""getUpdates: waiting, confirming, two pollers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramConflictError
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from attrai_playground.bot_api import ChatClient

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def _texts(bot: Bot, offset: int = 0, limit: int = 100, timeout: int = 0) -> list[str]:  # noqa: ASYNC109 -- as the API calls it
    updates = await bot.get_updates(offset, limit, timeout)
    return [update.message.text or "" for update in updates if update.message]


async def test_only_an_offset_confirms(aiogram_bot: Bot, chat: ChatClient) -> None:
    for text in ("a", "b", "c"):
        await chat.send_text(text)
    updates = await aiogram_bot.get_updates()
    assert await _texts(aiogram_bot) == ["a", "b", "c"]
    assert await _texts(aiogram_bot, offset=updates[1].update_id) == ["b", "c"]
    assert await _texts(aiogram_bot) == ["b", "c"]
    assert await _texts(aiogram_bot, offset=updates[2].update_id + 1) == []


async def test_ids_rise_by_one(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.send_text("a")
    (first,) = await aiogram_bot.get_updates()
    await aiogram_bot.get_updates(offset=first.update_id + 1)
    await chat.send_text("b")
    (second,) = await aiogram_bot.get_updates()
    assert second.update_id == first.update_id + 1


async def test_limit_and_negative_offset(aiogram_bot: Bot, chat: ChatClient) -> None:
    for text in ("a", "b", "c"):
        await chat.send_text(text)
    assert await _texts(aiogram_bot, limit=2) == ["a", "b"]
    assert await _texts(aiogram_bot, offset=-2) == ["b", "c"]
    assert await _texts(aiogram_bot) == ["b", "c"], "those before are forgotten"


async def test_a_poll_waits_for_the_first(aiogram_bot: Bot, chat: ChatClient, until: Until) -> None:
    poll = asyncio.create_task(_texts(aiogram_bot, timeout=30))
    await until(chat.polled)
    await chat.send_text("a")
    assert await poll == ["a"]


async def test_a_poll_ends_empty(aiogram_bot: Bot) -> None:
    assert await aiogram_bot.get_updates(timeout=1) == []


async def test_a_second_poller_ends_the_first(aiogram_bot: Bot, chat: ChatClient, until: Until) -> None:
    first = asyncio.create_task(_texts(aiogram_bot, timeout=30))
    await until(chat.polled)
    second = asyncio.create_task(_texts(aiogram_bot, timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await first
    await chat.send_text("a")
    assert await second == ["a"]


async def test_no_poll_beside_a_webhook(aiogram_bot: Bot) -> None:
    await aiogram_bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(TelegramConflictError, match="webhook is active"):
        await aiogram_bot.get_updates()
    await aiogram_bot.delete_webhook()
    assert await aiogram_bot.get_updates() == []


async def test_allowed_updates_are_remembered(aiogram_bot: Bot, chat: ChatClient) -> None:
    await aiogram_bot.get_updates(allowed_updates=["callback_query"])
    await chat.send_text("unheard")
    assert await aiogram_bot.get_updates() == []
    await aiogram_bot.get_updates(allowed_updates=[])
    await chat.send_text("heard")
    assert await _texts(aiogram_bot) == ["heard"]


async def test_the_server_ends_while_a_poll_waits(
    bot_url: str, http: ClientSession, server: TestServer, chat: ChatClient, until: Until
) -> None:
    poll = asyncio.create_task(http.get(f"{bot_url}/getUpdates", params={"timeout": 50}))
    await until(chat.polled)
    async with asyncio.timeout(10):
        await server.close()
        answer = await poll
        assert (await answer.json())["result"] == []
