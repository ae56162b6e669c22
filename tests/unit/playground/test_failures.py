"""Ordered failures, as both clients see them."""

from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiohttp import ClientError
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.failures import DOWNLOAD, Failure, FailureQueue
from telegram import Bot as TelegramBot
from telegram.error import NetworkError, RetryAfter


async def test_flood_control(
    aiogram_bot: Bot, telegram_bot: TelegramBot, chat: ChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    await chat.order_failure(Failure(method="sendMessage", code=429, retry_after=7, times=2))
    with pytest.raises(TelegramRetryAfter) as asked:
        await aiogram_bot.send_message(chat.user_id, "x")
    assert asked.value.retry_after == 7
    with pytest.raises(RetryAfter) as also_asked:
        await telegram_bot.send_message(chat.user_id, "x")
    assert also_asked.value.retry_after == timedelta(seconds=7)
    await aiogram_bot.send_message(chat.user_id, "now")
    assert [message.text for message in await chat.messages()] == ["now"]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure(code=403, description="bot was blocked by the user"), TelegramForbiddenError),
        (Failure(code=500), TelegramServerError),
        (Failure(code=502), TelegramServerError),
        (Failure(code=502, as_html=True), ClientDecodeError),
        (Failure(cut="before"), TelegramNetworkError),
    ],
)
async def test_before_the_effect(aiogram_bot: Bot, chat: ChatClient, failure: Failure, error: type[Exception]) -> None:
    await chat.order_failure(failure)
    with pytest.raises(error):
        await aiogram_bot.send_message(chat.user_id, "x")
    assert await chat.messages() == []
    assert await aiogram_bot.send_message(chat.user_id, "x")


async def test_an_answer_that_is_lost(aiogram_bot: Bot, telegram_bot: TelegramBot, chat: ChatClient) -> None:
    await chat.order_failure(Failure(method="sendMessage", cut="after", times=2))
    with pytest.raises(TelegramNetworkError):
        await aiogram_bot.send_message(chat.user_id, "one")
    with pytest.raises(NetworkError):
        await telegram_bot.send_message(chat.user_id, "two")
    assert [message.text for message in await chat.messages()] == ["one", "two"]
    calls = [event for event in await chat.log() if event.kind == "call"]
    assert [(call.ok, call.ordered) for call in calls] == [(True, True)] * 2


async def test_a_download_that_breaks(aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await chat.send_photo(b"text", as_document=True)
    assert sent.document is not None
    again_on_a_fresh_connection = 2
    await chat.order_failure(Failure(method=DOWNLOAD, cut="before", times=again_on_a_fresh_connection))
    with pytest.raises(ClientError):
        await aiogram_bot.download(sent.document.file_id)
    assert await aiogram_bot.download(sent.document.file_id)


async def test_a_delay_only_holds_the_call(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.order_failure(Failure(method="sendMessage", delay=30))
    with pytest.raises(TelegramNetworkError, match="timeout"):
        await aiogram_bot.send_message(chat.user_id, "late", request_timeout=1)
    await chat.order_failure(Failure(method="sendMessage", delay=0.01))
    assert (await aiogram_bot.send_message(chat.user_id, "in time")).text == "in time"


async def test_orders_for_another_chat_or_method_wait(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.order_failure(Failure(method="sendMessage", chat_id=chat.user_id + 1, code=500))
    await chat.order_failure(Failure(method="sendPhoto", code=500))
    assert await aiogram_bot.send_message(chat.user_id, "x")
    await chat.clear_failures()


def test_an_order_without_a_number_stays() -> None:
    failures = FailureQueue()
    failures.order(Failure(code=500, times=None))
    assert all(failures.next_for("sendMessage", 1) for _ in range(5))
    failures.clear()
    assert failures.next_for("sendMessage", 1) is None


def test_orders_are_used_in_turn() -> None:
    failures = FailureQueue()
    failures.order(Failure(method="sendPhoto", code=500, times=2))
    failures.order(Failure(code=429))
    met = [failures.next_for(method, None) for method in ("sendPhoto", "getMe", "SENDPHOTO", "sendPhoto")]
    assert [failure.code if failure else None for failure in met] == [500, 429, 500, None]
