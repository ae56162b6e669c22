# ruff: noqa: PLR0917, RUF001, ASYNC240  # fixtures are a test's list of needs; Russian is Cyrillic; these paths are local
"""A photo's way through intake, from the update to the queue, and its failures."""

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.types import Update
from aiohttp import ClientPayloadError, ClientResponseError, RequestInfo
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.dispatcher import make_dispatcher
from attrai_bot.intake.download import DOWNLOAD_RETRY
from attrai_bot.intake.photo_intake import PhotoIntake
from attrai_bot.intake.publisher import Publisher
from attrai_bot.settings import BotSettings
from attrai_bot.state import Admitted, Duplicate, LiveRequest, RequestStore
from attrai_shared import keys
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import celery_app
from attrai_shared.retry import OutageRetry
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.unit.bot.conftest import CIPHER, LIMITS, TEXT_PARAMS
from tests.unit.bot.incoming import PHOTO, Database, Feed, Queue, photo
from tests.unit.bot.telegram_double import CHAT, FakeTelegram, bad_request, forbidden, network

QUICK_DOWNLOAD_RETRY = dataclasses.replace(DOWNLOAD_RETRY, first_pause_s=0.0, longest_pause_s=0.0)


def assert_nothing_kept(database: Database, store: PhotoStore, queue: Queue) -> None:
    assert store.orphans(-60) == set()
    assert queue() == []
    assert not database.exists(keys.LIVE)
    assert int(database.get(keys.BYTES) or 0) == 0


async def test_a_photo_is_stored_answered_and_queued(
    feed: Feed, telegram: FakeTelegram, store: PhotoStore, queue: Queue, requests: RequestStore
) -> None:
    sent = photo()
    await feed(sent)
    (queued,) = queue()
    (waiting,) = telegram.texts
    assert telegram.replied_to[waiting] == sent.message_id
    (said,) = telegram.said
    assert said.startswith("Your photo is number 1 in the queue. No estimator is running right now")
    assert said.endswith("\nPhotos of yours under way: 1 of 3.")
    assert CIPHER.decrypt(queued.reply_to, queued.request_id).model_dump() == {
        "chat_id": CHAT,
        "photo_message_id": sent.message_id,
        "waiting_message_id": waiting,
        "language": "en",
    }
    assert store.read(queued.request_id, Part.SOURCE) == PHOTO
    request = await requests.find(queued.request_id)
    assert request
    assert request.queued
    assert (request.waiting_message_id, request.deadline) == (waiting, queued.deadline)
    assert request.deadline == pytest.approx(time.time() + 600, abs=60)


async def test_no_key_and_no_message_holds_the_users_id(feed: Feed, database: Database, queue: Queue) -> None:
    await feed(photo(user=987654321))
    assert "987654321" not in str([(key, database.type(key)) for key in database.scan_iter()])
    assert "987654321" not in queue()[0].model_dump_json()


async def test_a_repeated_update_is_taken_once(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    sent = photo()
    await asyncio.gather(feed(sent), feed(sent))
    await feed(sent)
    assert len(queue()) == 1
    assert len(telegram.said) == 1


async def test_a_repeated_update_is_taken_once_even_if_its_first_admission_is_heard_of_late(
    feed: Feed, requests: RequestStore, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit, repeated = requests.admit, asyncio.Event()

    async def heard_of_late(request: LiveRequest, now: float) -> Admitted | Duplicate:
        admission = await admit(request, now)
        if isinstance(admission, Admitted):
            await repeated.wait()
        return admission

    monkeypatch.setattr(RequestStore, "admit", staticmethod(heard_of_late))
    sent = photo()
    first = asyncio.create_task(feed(sent))
    while not await requests.live():
        await asyncio.sleep(0.01)
    await feed(sent)
    repeated.set()
    await first
    assert len(queue()) == 1


async def test_an_update_cut_off_before_the_waiting_message_is_resumed(
    feed: Feed, telegram: FakeTelegram, queue: Queue, store: PhotoStore
) -> None:
    sent = photo()
    telegram.order("GetFile", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await feed(sent)
    await feed(sent)
    assert len(telegram.said) == len(queue()) == 1
    assert store.read(queue()[0].request_id, Part.SOURCE) == PHOTO


async def test_an_update_cut_off_before_the_queue_keeps_its_waiting_message(
    feed: Feed, telegram: FakeTelegram, queue: Queue, database: Database
) -> None:
    sent = photo()
    await feed(sent)
    (first,) = queue()
    database.hset(keys.record(first.request_id), "queued", 0)
    await feed(sent)
    assert [each.request_id for each in queue()] == [first.request_id] * 2
    assert len(telegram.said) == 1


async def test_the_quota_and_its_limit_are_told(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    for _ in range(4):
        await feed(photo())
    assert len(queue()) == 3
    assert telegram.said[2].endswith("Photos of yours under way: 3 of 3.")
    assert (
        telegram.said[3]
        == "You have 3 photos under way, which is as many as I take at a time. Send this one again after the next answer."
    )


async def test_each_photo_of_an_album_beyond_the_quota_is_answered(
    feed: Feed, telegram: FakeTelegram, queue: Queue
) -> None:
    await asyncio.gather(*(feed(photo(media_group_id="album")) for _ in range(10)))
    assert len(queue()) == 3
    assert len(telegram.said) == 10


async def test_a_full_service_answers_that_it_is_busy(feed: Feed, telegram: FakeTelegram, queue: Queue) -> None:
    for user in range(LIMITS.of_all):
        await feed(photo(user=user))
    telegram.texts.clear()
    await feed(photo(user=99))
    assert telegram.said == [
        "Very many photos are waiting right now, so I cannot take yours. Send it again in a few minutes."
    ]
    assert len(queue()) == LIMITS.of_all


@pytest.mark.parametrize("language_code", ["en", "ru"])
async def test_a_broken_download_is_told_and_all_is_given_back(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    language_code: str,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.DOWNLOAD_RETRY", QUICK_DOWNLOAD_RETRY)
    telegram.download_error = ClientPayloadError()
    await feed(photo(language_code=language_code))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith(
        {"en": "I could not get your photo", "ru": "Не получилось скачать"}[language_code]
    )
    assert_nothing_kept(database, store, queue)


@pytest.mark.parametrize("status", [404, 520])
async def test_a_refused_download_is_told_and_all_is_given_back(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.DOWNLOAD_RETRY", QUICK_DOWNLOAD_RETRY)
    url = URL("https://localhost/file")
    request = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    telegram.download_error = ClientResponseError(request, (), status=status)
    await feed(photo())
    assert [said.startswith("I could not get your photo") for said in telegram.said] == [True]
    assert_nothing_kept(database, store, queue)


@pytest.mark.logs_errors
async def test_a_bug_in_intake_is_told_once_and_all_is_given_back(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue
) -> None:
    telegram.order("GetFile", lambda _: ZeroDivisionError())
    await feed(photo())
    assert len(telegram.said) == 1
    assert_nothing_kept(database, store, queue)


async def test_a_broken_download_is_retried(
    feed: Feed, telegram: FakeTelegram, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.DOWNLOAD_RETRY", QUICK_DOWNLOAD_RETRY)
    telegram.order("GetFile", network)
    await feed(photo())
    assert len(queue()) == 1


async def test_a_file_larger_than_announced_is_not_stored(
    feed: Feed,
    telegram: FakeTelegram,
    database: Database,
    store: PhotoStore,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("attrai_bot.intake.download.MAX_DOWNLOAD_BYTES", len(PHOTO) - 1)
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


async def test_a_photo_store_that_fails_is_told_and_all_is_given_back(
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
def no_patience(request_store_retry: OutageRetry) -> None:
    request_store_retry.timeout_s = 0.0


async def test_a_broker_that_is_away_is_told_in_the_waiting_message_and_all_is_given_back(
    bot: Bot, telegram: FakeTelegram, requests: RequestStore, store: PhotoStore, reply_service: ReplyService, settings: BotSettings,
    database: Database, queue: Queue, tmp_path: Path,
) -> None:  # fmt: skip
    telegram.files["photo"] = PHOTO
    away = Publisher(
        celery_app("bot", f"redis+socket://{tmp_path}/nobody"), OutageRetry(BrokerUnavailable, timeout_s=0.0)
    )
    dispatcher = make_dispatcher(
        PhotoIntake(bot, requests, store, away, reply_service, CIPHER, TEXT_PARAMS, 600.0), settings
    )
    await dispatcher.feed_update(bot, Update(update_id=1, message=photo()))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith("I cannot pass your photo on right now.")
    assert telegram.calls["EditMessageText"] == 1
    assert_nothing_kept(database, store, queue)


async def test_a_request_store_that_is_away_is_told(
    feed: Feed,
    telegram: FakeTelegram,
    server_socket: Path,
    requests: RequestStore,
    store: PhotoStore,
    no_patience: None,
) -> None:
    away = server_socket.with_name("away")
    server_socket.rename(away)
    try:
        await feed(photo())
    finally:
        away.rename(server_socket)
    assert telegram.said == ["I cannot take photos right now. Send it again in a few minutes."]
    assert store.orphans(-60) == set()


async def test_intake_waits_for_a_request_store_that_restarts(
    feed: Feed,
    telegram: FakeTelegram,
    server_socket: Path,
    requests: RequestStore,
    queue: Queue,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = server_socket.with_name("away")
    server_socket.rename(away)
    try:
        feeding = asyncio.create_task(feed(photo()))
        async with asyncio.timeout(30):
            while "server_waited_for" not in caplog.messages:
                await asyncio.sleep(0.01)
    finally:
        away.rename(server_socket)
    await feeding
    assert len(queue()) == 1
    assert len(telegram.said) == 1


async def test_nothing_is_kept_of_a_user_who_blocks_the_bot(
    feed: Feed, telegram: FakeTelegram, database: Database, store: PhotoStore, queue: Queue
) -> None:
    telegram.order("SendMessage", forbidden, forbidden)
    await feed(photo())
    assert telegram.said == []
    assert_nothing_kept(database, store, queue)


def cut_off(method: object) -> Exception:
    """The process stops and cancels what runs."""
    raise asyncio.CancelledError
