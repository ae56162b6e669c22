"""The people's side: access, refusals, views."""

import asyncio
from contextlib import aclosing

import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientSession
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.client import RefusedError
from attrai_playground.bot_api.media import Upload


async def test_each_person_has_an_own_chat(base_url: str, chat: ChatClient) -> None:
    async with ChatClient(base_url, first_name="Боб", language_code="ru") as other:
        await other.send_text("привет")
        view = await other.view()
    assert view.person.user.first_name == "Боб"
    assert view.person.user.language_code == "ru"
    assert await chat.messages() == []


async def test_a_known_person_comes_back(base_url: str, chat: ChatClient) -> None:
    await chat.send_text("hello")
    async with ChatClient(base_url, user_id=chat.user_id) as again:
        assert [message.text for message in await again.messages()] == ["hello"]
        assert (await again.view()).person.user.first_name == "Ada"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "chats/7", "", 404),
        ("GET", "files/none", "", 404),
        ("POST", "chats/1001/text", '{"text": ""}', 400),
        ("POST", "chats/1001/text", '{"text": "x", "more": 1}', 400),
        ("POST", "chats/1001/text", "{", 400),
        ("POST", "chats/1001/text", '{"text": "x", "reply_to": 9}', 400),
        ("POST", "chats/1001/presses", '{"message_id": 9, "data": "x"}', 404),
        ("POST", "users/1001", '{"standing": "angry"}', 400),
        ("POST", "failures", '{"code": 200}', 400),
        ("DELETE", "chats/1001/messages/9", "", 404),
    ],
)
async def test_refusals_are_sentences(
    *, http: ClientSession, base_url: str, chat: ChatClient, method: str, path: str, body: str, status: int
) -> None:
    assert chat.user_id == 1001
    async with http.request(method, f"{base_url}/playground/{path}", data=body) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]


async def test_a_person_who_blocked_the_bot_cannot_write(chat: ChatClient) -> None:
    await chat.set_standing("blocked")
    with pytest.raises(RefusedError, match="blocked"):
        await chat.send_text("x")


async def test_an_album_has_ten_files_at_most(chat: ChatClient) -> None:
    with pytest.raises(RefusedError, match="1 to 10 files"):
        await chat.send_album([Upload(b"x", "x.txt", "text/plain")] * 11)


async def test_only_existing_buttons_can_be_pressed(aiogram_bot: Bot, chat: ChatClient) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="a")]])
    sent = await aiogram_bot.send_message(chat.user_id, "?", reply_markup=keyboard)
    with pytest.raises(RefusedError, match="no such button"):
        await chat.press(sent.message_id, "b")


async def test_the_bot_cannot_find_a_deleted_message(aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await aiogram_bot.send_message(chat.user_id, "x")
    await chat.delete_message(sent.message_id)
    assert await chat.messages() == []
    assert [record.deleted for record in await chat.records()] == [True]
    assert (await chat.wait_for(lambda event: event.kind == "deleted", 5)).message is not None


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://example.org"}, {"Host": "attacker.example"}, {"Origin": "null"}]
)
async def test_other_sites_are_refused(http: ClientSession, base_url: str, headers: dict[str, str]) -> None:
    for path in ("/", "/playground/users"):
        async with http.get(base_url + path, headers=headers) as answer:
            assert answer.status == 403


async def test_the_stream_continues_after_the_last_event(chat: ChatClient) -> None:
    await chat.send_text("a")
    here = await chat.last_event()
    async with aclosing(chat.events(here)) as events:
        following = asyncio.create_task(anext(events))
        await chat.send_text("b")
        event = await following
    assert event.seq == here + 1
    assert event.message is not None
    assert event.message.text == "b"


async def test_waiting_ends_in_time(chat: ChatClient) -> None:
    with pytest.raises(TimeoutError):
        await chat.wait_for(lambda event: event.kind == "answer", 0.05)
    with pytest.raises(TimeoutError):
        await chat.wait_until(lambda view: bool(view.records), 0.05)
