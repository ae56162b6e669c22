import asyncio

import pytest
from aiogram import Bot
from aiogram.types import Update
from aiohttp.test_utils import TestClient, TestServer
from attrai_bot.intake import webhook
from attrai_bot.intake.webhook import SECRET_HEADER, path_of, served, webhook_app

SECRET = {SECRET_HEADER: "a-secret"}
UPDATE = {"update_id": 5}


async def test_a_call_is_answered_after_its_handler(bot: Bot) -> None:
    go_on, handled = asyncio.Event(), []

    async def handle(update: Update) -> None:
        await go_on.wait()
        handled.append(update.update_id)

    async with TestClient(TestServer(webhook_app(bot, handle, "/hook", "a-secret"))) as client:
        calling = asyncio.create_task(client.post("/hook", json=UPDATE, headers=SECRET))
        await asyncio.sleep(0.05)
        assert not calling.done()
        go_on.set()
        assert (await calling).status == 200
    assert handled == [5]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, UPDATE, 401),
        ({SECRET_HEADER: "wrong"}, UPDATE, 401),
        ({SECRET_HEADER: "ключ"}, UPDATE, 401),
        (SECRET, {"x": 1}, 400),
    ],
)
async def test_calls_without_the_secret_or_an_update_are_refused(
    bot: Bot, headers: dict[str, str], body: dict[str, int], status: int
) -> None:
    async def handle(update: Update) -> None:
        raise AssertionError("handled")

    async with TestClient(TestServer(webhook_app(bot, handle, "/hook", "a-secret"))) as client:
        assert (await client.post("/hook", json=body, headers=headers)).status == status


async def test_calls_beyond_the_limit_get_503(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "MAX_HANDLERS", 1)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def handle(update: Update) -> None:
        inside.set()
        await go_on.wait()

    async with TestClient(TestServer(webhook_app(bot, handle, "/hook", "a-secret"))) as client:
        first = asyncio.create_task(client.post("/hook", json=UPDATE, headers=SECRET))
        await inside.wait()
        assert (await client.post("/hook", json={"update_id": 6}, headers=SECRET)).status == 503
        go_on.set()
        assert (await first).status == 200


async def test_a_second_call_for_an_open_update_gets_503(bot: Bot) -> None:
    inside, go_on, handled = asyncio.Event(), asyncio.Event(), []

    async def handle(update: Update) -> None:
        inside.set()
        await go_on.wait()
        handled.append(update.update_id)

    async with TestClient(TestServer(webhook_app(bot, handle, "/hook", "a-secret"))) as client:
        first = asyncio.create_task(client.post("/hook", json=UPDATE, headers=SECRET))
        await inside.wait()
        assert (await client.post("/hook", json=UPDATE, headers=SECRET)).status == 503
        go_on.set()
        assert (await first).status == 200
        assert (await client.post("/hook", json=UPDATE, headers=SECRET)).status == 200
    assert handled == [5, 5]


async def test_a_stop_waits_for_open_calls(bot: Bot, unused_tcp_port: int) -> None:
    inside, handled = asyncio.Event(), []

    async def handle(update: Update) -> None:
        inside.set()
        await asyncio.sleep(0.1)
        handled.append(update.update_id)

    async with TestClient(TestServer(webhook_app(bot, handle, "/", "s"))) as client:
        async with served(webhook_app(bot, handle, "/hook", "a-secret"), "127.0.0.1", unused_tcp_port):
            url = f"http://127.0.0.1:{unused_tcp_port}/hook"
            calling = asyncio.create_task(client.session.post(url, json=UPDATE, headers=SECRET))
            await inside.wait()
        assert (await calling).status == 200
    assert handled == [5]


@pytest.mark.parametrize(("url", "path"), [("https://bot.example/hook/a", "/hook/a"), ("https://bot.example", "/")])
def test_the_path_of_the_address(url: str, path: str) -> None:
    assert path_of(url) == path
