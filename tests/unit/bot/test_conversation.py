# ruff: noqa: RUF001  # Russian is Cyrillic
"""Answers to commands, text, buttons and everything else that is no photo."""

import pytest
from aiogram.types import CallbackQuery, Chat, Sticker

from tests.unit.bot.incoming import Feed, message, photo
from tests.unit.bot.telegram_double import FakeTelegram


async def test_commands_are_answered_by_their_texts(feed: Feed, telegram: FakeTelegram) -> None:
    for command in ("/start", "/help", "/privacy", "/nonsense"):
        await feed(message(text=command))
    assert [said[:20] for said in telegram.said] == [
        "Send me a photo and ",
        "Send a photo with on",
        "Your photo is kept o",
        "I do not know this c",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"text": "hello"}, "Send me a photo, please. /help says more."),
        (
            {
                "sticker": Sticker(
                    file_id="s",
                    file_unique_id="u",
                    type="regular",
                    width=9,
                    height=9,
                    is_animated=False,
                    is_video=False,
                )
            },
            "I can only read photos",
        ),
    ],
)
async def test_a_message_without_a_photo_is_answered(
    feed: Feed, telegram: FakeTelegram, content: dict[str, object], said: str
) -> None:
    await feed(message(**content))
    assert [text.startswith(said) for text in telegram.said] == [True]


async def test_a_service_message_gets_no_answer(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(message(new_chat_title="x"))
    assert telegram.said == []


async def test_groups_are_not_served(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(photo(chat=Chat(id=-5, type="group")))
    assert telegram.said == []


async def test_the_language_comes_from_telegram_until_the_user_chooses(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(message(text="/language", language_code="ru"))
    assert telegram.said == ["На каком языке говорить?"]
    (question,) = telegram.texts
    asked = message(message_id=question, text="?")
    await feed(CallbackQuery(id="1", from_user=asked.from_user, chat_instance="c", message=asked, data="language:en"))
    assert telegram.said == ["I will speak English."]
    assert telegram.calls["AnswerCallbackQuery"] == 1
    await feed(message(text="hello", language_code="ru"))
    assert telegram.said[-1] == "Send me a photo, please. /help says more."


@pytest.mark.logs_errors
async def test_a_bug_is_logged_and_told(
    feed: Feed, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("attrai_bot.intake.photo_intake.check_message", lambda _: 1 / 0)
    await feed(photo())
    assert telegram.said == ["Something went wrong. Send it again in a few minutes, please."]
    assert "handler_failed" in caplog.text
