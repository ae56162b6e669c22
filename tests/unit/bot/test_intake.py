# ruff: noqa: PLR0917, RUF001, ASYNC240  # fixtures are a test's list of needs; Russian is Cyrillic; these paths are local
"""A photo's way in, from the update to the queue, with all that may go wrong."""

import asyncio
import base64
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from aiogram import Bot
from aiogram.types import CallbackQuery, Chat, Message, PhotoSize, Sticker, Update, User
from aiohttp import ClientPayloadError, ClientResponseError, RequestInfo
from attrai_bot.intake.dispatcher import make_dispatcher
from attrai_bot.intake.publisher import Publisher
from attrai_bot.intake.taking import Intake
from attrai_bot.quotas import Ledger
from attrai_bot.replies.courier import Courier
from attrai_bot.settings import BotSettings
from attrai_shared import keys
from attrai_shared.contracts import ToEstimate, read_to_estimate
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import TO_ESTIMATE, celery_app
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.unit.bot.conftest import FIGURES, LIMITS
from tests.unit.bot.telegram_double import CHAT, TOKEN, FakeTelegram, bad_request, forbidden, network

PHOTO = b"the bytes of a photo"
Feed = Callable[..., Awaitable[None]]
UPDATES = itertools.count(1)
MESSAGES = itertools.count(7)


@pytest.fixture
def settings(broker_url: str, server_socket: Path, tmp_path: Path) -> BotSettings:
    return BotSettings(
        broker_url=broker_url,
        redis_url=f"unix://{server_socket}?db=1",
        photo_store=tmp_path / "store",
        bot_token=TOKEN,
        user_hash_key="a key of tests",
    )


@pytest.fixture
def publisher(broker_url: str) -> Publisher:
    return Publisher(celery_app("bot", broker_url))


@pytest.fixture
def feed(
    bot: Bot,
    telegram: FakeTelegram,
    ledger: Ledger,
    store: PhotoStore,
    publisher: Publisher,
    courier: Courier,
    settings: BotSettings,
) -> Feed:
    """Hands the dispatcher one update."""
    telegram.files["photo"] = PHOTO
    intake = Intake(bot, ledger, store, publisher, courier, FIGURES, settings.lifetime)
    dispatcher = make_dispatcher(intake, settings)

    async def feed_one(content: Message | CallbackQuery) -> None:
        kind = "message" if isinstance(content, Message) else "callback_query"
        await dispatcher.feed_update(bot, Update.model_validate({"update_id": next(UPDATES), kind: content}))

    return feed_one


def message(*, user: int = 1, language_code: str = "en", **content: object) -> Message:
    sender = User(id=user, is_bot=False, first_name="Ada", language_code=language_code)
    fields = {
        "message_id": next(MESSAGES),
        "date": datetime.now(UTC),
        "chat": Chat(id=CHAT, type="private"),
        "from": sender,
    }
    return Message.model_validate(fields | content)


def photo(**about: Any) -> Message:
    size = PhotoSize(file_id="photo", file_unique_id="u", width=640, height=480, file_size=len(PHOTO))
    return message(photo=[size], **about)


@pytest.fixture
async def queue(server_socket: Path) -> AsyncIterator[Callable[[], list[ToEstimate]]]:
    """What lies in the queue to the estimators."""
    with redis.Redis(unix_socket_path=str(server_socket), db=0) as broker:

        def read() -> list[ToEstimate]:
            bodies = [json.loads(raw)["body"] for raw in broker.lrange(TO_ESTIMATE, 0, -1)]
            return [read_to_estimate(json.loads(base64.b64decode(body))[0][0]) for body in bodies]

        yield read


Queue = Callable[[], list[ToEstimate]]
Database = redis.Redis


def assert_nothing_kept(database: Database, store: PhotoStore, queue: Queue) -> None:
    assert store.orphans(-60) == set()
    assert queue() == []
    assert not database.exists(keys.LIVE)
    assert int(database.get(keys.BYTES) or 0) == 0


async def test_a_photo_is_stored_answered_and_queued(
    feed: Feed, telegram: FakeTelegram, store: PhotoStore, queue: Queue, ledger: Ledger
) -> None:
    sent = photo()
    await feed(sent)
    (queued,) = queue()
    (waiting,) = telegram.texts
    assert telegram.replied_to[waiting] == sent.message_id
    (said,) = telegram.said
    assert said.startswith("Your photo is number 1 in the queue. No estimator is running right now")
    assert said.endswith("\nPhotos of yours under way: 1 of 3.")
    assert queued.reply_to.model_dump() == {
        "chat_id": CHAT,
        "photo_message_id": sent.message_id,
        "waiting_message_id": waiting,
        "language": "en",
    }
    assert store.read(queued.request_id, Part.SOURCE) == PHOTO
    record = await ledger.record(queued.request_id)
    assert record
    assert record.queued
    assert (record.waiting_message_id, record.deadline) == (waiting, queued.deadline)
    assert record.deadline == pytest.approx(time.time() + 600, abs=60)


async def test_no_key_and_no_message_holds_the_users_id(feed: Feed, database: Database, queue: Queue) -> None:
    await feed(photo(user=987654321))
    assert "987654321" not in str([(key, database.type(key)) for key in database.scan_iter()])
    assert "987654321" not in queue()[0].model_dump_json()


async def test_an_update_delivered_twice_is_taken_once(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    sent = photo()
    await asyncio.gather(feed(sent), feed(sent))
    await feed(sent)
    assert len(queue()) == 1
    assert len(telegram.said) == 1


async def test_an_update_cut_off_before_the_waiting_message_is_taken_up_again(
    feed: Feed, telegram: FakeTelegram, queue: Queue, store: PhotoStore
) -> None:
    sent = photo()
    telegram.order("GetFile", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await feed(sent)
    await feed(sent)
    assert len(telegram.said) == len(queue()) == 1
    assert store.read(queue()[0].request_id, Part.SOURCE) == PHOTO


async def test_an_update_cut_off_before_the_queue_goes_on_with_its_waiting_message(
    feed: Feed, telegram: FakeTelegram, queue: Queue, database: Database
) -> None:
    sent = photo()
    await feed(sent)
    (first,) = queue()
    database.hset(keys.record(first.request_id), "queued", 0)
    await feed(sent)
    assert [each.request_id for each in queue()] == [first.request_id] * 2
    assert len(telegram.said) == 1


async def test_the_quota_is_told_and_its_end_too(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    for _ in range(4):
        await feed(photo())
    assert len(queue()) == 3
    assert telegram.said[2].endswith("Photos of yours under way: 3 of 3.")
    assert (
        telegram.said[3]
        == "You have 3 photos under way, which is as many as I take at a time. Send this one again after the next answer."
    )


async def test_each_photo_of_an_album_beyond_the_quota_gets_a_sentence(
    feed: Feed, telegram: FakeTelegram, queue: Queue
) -> None:
    await asyncio.gather(*(feed(photo(media_group_id="album")) for _ in range(10)))
    assert len(queue()) == 3
    assert len(telegram.said) == 10


async def test_a_full_service_says_so(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    for user in range(LIMITS.of_all):
        await feed(photo(user=user))
    telegram.texts.clear()
    await feed(photo(user=99))
    assert telegram.said == [
        "Very many photos are waiting right now, so I cannot take yours. Send it again in a few minutes."
    ]
    assert len(queue()) == LIMITS.of_all


@pytest.mark.parametrize("language_code", ["en", "ru"])
async def test_a_download_that_breaks_is_told_and_all_is_given_back(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    language_code: str,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.PAUSES", (0.0,))
    telegram.download_error = ClientPayloadError()
    await feed(photo(language_code=language_code))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith(
        {"en": "I could not get your photo", "ru": "Не получилось скачать"}[language_code]
    )
    assert_nothing_kept(database, store, queue)


@pytest.mark.parametrize("status", [404, 520])
async def test_a_download_that_is_refused_is_told_and_all_is_given_back(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.PAUSES", (0.0,))
    url = URL("https://localhost/file")
    request = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    telegram.download_error = ClientResponseError(request, (), status=status)
    await feed(photo())
    assert [said.startswith("I could not get your photo") for said in telegram.said] == [True]
    assert_nothing_kept(database, store, queue)


@pytest.mark.logs_errors
async def test_a_bug_on_the_way_to_the_queue_is_told_once_and_all_is_given_back(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue
) -> None:
    telegram.order("GetFile", lambda _: ZeroDivisionError())
    await feed(photo())
    assert len(telegram.said) == 1
    assert_nothing_kept(database, store, queue)


async def test_a_download_that_breaks_once_is_tried_again(
    feed: Feed, telegram: FakeTelegram, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.PAUSES", (0.0,))
    telegram.order("GetFile", network)
    await feed(photo())
    assert len(queue()) == 1


async def test_a_file_that_is_larger_than_it_said_is_not_stored(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.MAX_BYTES", len(PHOTO) - 1)
    await feed(photo())
    assert telegram.said[0].startswith("This file is larger than the 20 MB")
    assert_nothing_kept(database, store, queue)


async def test_a_file_that_telegram_calls_too_big(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue
) -> None:
    telegram.order("GetFile", bad_request("Bad Request: file is too big"))
    await feed(photo())
    assert telegram.said[0].startswith("This file is larger than the 20 MB")
    assert_nothing_kept(database, store, queue)


async def test_a_store_that_takes_nothing_is_told_and_all_is_given_back(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue, tmp_path: Path
) -> None:
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_bytes(b"not a folder")
    await feed(photo())
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith("I cannot store your photo right now.")
    assert queue() == []
    assert not database.exists(keys.LIVE)
    assert int(database.get(keys.BYTES) or 0) == 0


@pytest.fixture
def no_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attrai_bot.intake.publisher.WITHIN", 3.0)


async def test_a_broker_that_is_away_is_told_in_the_waiting_message_and_all_is_given_back(
    bot: Bot, telegram: FakeTelegram, ledger: Ledger, store: PhotoStore, courier: Courier, settings: BotSettings,
    database: Database, queue: Queue, no_broker: None, tmp_path: Path,
) -> None:  # fmt: skip
    telegram.files["photo"] = PHOTO
    away = Publisher(celery_app("bot", f"redis+socket://{tmp_path}/nobody"))
    dispatcher = make_dispatcher(Intake(bot, ledger, store, away, courier, FIGURES, 600.0), settings)
    await dispatcher.feed_update(bot, Update(update_id=1, message=photo()))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith("I cannot pass your photo on right now.")
    assert telegram.calls["EditMessageText"] == 1
    assert_nothing_kept(database, store, queue)


async def test_a_ledger_that_is_away_is_told(
    feed: Feed, telegram: FakeTelegram, server_socket: Path, ledger: Ledger, store: PhotoStore
) -> None:
    away = server_socket.with_name("away")
    server_socket.rename(away)
    try:
        await feed(photo())
    finally:
        away.rename(server_socket)
    assert telegram.said == ["I cannot take photos right now. Send it again in a few minutes."]
    assert store.orphans(-60) == set()


async def test_a_user_who_blocks_the_bot_meanwhile_is_forgotten(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue
) -> None:
    telegram.order("SendMessage", forbidden, forbidden)
    await feed(photo())
    assert telegram.said == []
    assert_nothing_kept(database, store, queue)


async def test_commands_say_their_sentences(feed: Feed, telegram: FakeTelegram) -> None:
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
async def test_what_is_no_photo_is_told(
    feed: Feed, telegram: FakeTelegram, content: dict[str, object], said: str
) -> None:
    await feed(message(**content))
    assert [text.startswith(said) for text in telegram.said] == [True]


async def test_a_notice_of_telegrams_gets_no_answer(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(message(new_chat_title="x"))
    assert telegram.said == []


async def test_groups_are_not_served(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(photo(chat=Chat(id=-5, type="group")))
    assert telegram.said == []


async def test_the_language_is_telegrams_until_one_is_chosen(feed: Feed, telegram: FakeTelegram) -> None:
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
    monkeypatch.setattr("attrai_bot.intake.photos.attachment_of", lambda _: 1 / 0)
    await feed(photo())
    assert telegram.said == ["Something went wrong. Send it again in a few minutes, please."]
    assert "handler_failed" in caplog.text


def cut_off(method: object) -> Exception:
    """The process is told to stop, and what still runs is cancelled."""
    raise asyncio.CancelledError
