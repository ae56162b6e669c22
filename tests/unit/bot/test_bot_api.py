import asyncio
import socket
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.methods import GetMe
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from attrai_bot.telegram.bot_api import Fault, Session, fault_of

from tests.unit.bot.telegram_double import TOKEN


@pytest.mark.parametrize(
    ("description", "fault"),
    [
        (
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            Fault.ALREADY_THERE,
        ),
        ("Bad Request: there is no text in the message to edit", Fault.ALREADY_THERE),
        ("Bad Request: message to edit not found", Fault.MESSAGE_GONE),
        ("Bad Request: message can't be edited", Fault.MESSAGE_GONE),
        ("Bad Request: MESSAGE_ID_INVALID", Fault.MESSAGE_GONE),
        ("Bad Request: chat not found", Fault.CHAT_GONE),
        ("Bad Request: PHOTO_INVALID_DIMENSIONS", Fault.REFUSED),
    ],
)
def test_descriptions_tell_the_fault(description: str, fault: Fault) -> None:
    assert fault_of(TelegramBadRequest(GetMe(), description)) is fault


def test_a_blocked_bot_and_a_moved_chat_mean_that_the_chat_is_gone() -> None:
    assert fault_of(TelegramForbiddenError(GetMe(), "Forbidden: bot was blocked by the user")) is Fault.CHAT_GONE
    assert fault_of(TelegramMigrateToChat(GetMe(), "moved", migrate_to_chat_id=-1)) is Fault.CHAT_GONE


async def test_a_bot_api_server_that_moves_to_another_address_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    name, port, kept = "telegram.test", unused_port(), 0.05
    really, where = socket.getaddrinfo, ["127.0.0.1"]

    def look_up(host: Any, *rest: Any, **options: Any) -> Any:
        return really(where[0] if host == name else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    session = Session(TelegramAPIServer.from_base(f"http://{name}:{port}"), kept)
    async with Bot(TOKEN, session=session) as bot:
        async with _answering("before", where[0], port):
            assert (await bot.get_me()).first_name == "before"
        where[0] = "127.0.0.2"
        async with _answering("after", where[0], port):
            await asyncio.sleep(2 * kept)
            assert (await bot.get_me()).first_name == "after"


def _answering(first_name: str, host: str, port: int) -> TestServer:
    async def get_me(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {"id": 42, "is_bot": True, "first_name": first_name}})

    app = web.Application()
    app.router.add_post(f"/bot{TOKEN}/getMe", get_me)
    return TestServer(app, host=host, port=port)
