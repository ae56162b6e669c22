import asyncio
import time

import pytest
import redis
from aiogram import Bot
from attrai_bot.intake.ticker import FIRST_INTERVAL, Ticker
from attrai_bot.quotas import Ledger, Record
from attrai_bot.replies.courier import Courier
from attrai_bot.replies.letter import Delivery, letter_of_record
from attrai_shared import keys
from attrai_shared.errors import NoFace

from tests.unit.bot.conftest import FIGURES, make_record
from tests.unit.bot.telegram_double import FakeTelegram, bad_request, flood

SOON, LATER = FIRST_INTERVAL + 1, 3 * FIRST_INTERVAL + 2


@pytest.fixture
def ticker(bot: Bot, ledger: Ledger, database: "redis.Redis[str]") -> Ticker:
    database.zadd(keys.REPLICAS, {"one": time.time() + 1000})
    return Ticker(bot, ledger, FIGURES)


async def waiting(ledger: Ledger, telegram: FakeTelegram, user: int) -> Record:
    record = make_record(user=user, waiting_message_id=telegram.standing())
    await ledger.admit(record, time.time())
    return record


async def test_a_place_that_changed_is_told(ticker: Ticker, ledger: Ledger, telegram: FakeTelegram) -> None:
    now = time.time()
    first, second = [await waiting(ledger, telegram, user) for user in (1, 2)]
    await ticker.tick(now)
    assert telegram.calls.total() == 0
    await ticker.tick(now + SOON)
    assert "number 1" in telegram.texts[first.waiting_message_id]
    assert "number 2" in telegram.texts[second.waiting_message_id]
    await ledger.settle(first.request_id, first.user, first.deadline, now)
    await ticker.tick(now + SOON + 1)
    assert "number 2" in telegram.texts[second.waiting_message_id], "edited too soon"
    await ticker.tick(now + LATER)
    assert "number 1" in telegram.texts[second.waiting_message_id]


async def test_what_did_not_change_is_not_edited(ticker: Ticker, ledger: Ledger, telegram: FakeTelegram) -> None:
    await waiting(ledger, telegram, 1)
    for seconds in range(0, 300, 10):
        await ticker.tick(time.time() + seconds)
    assert telegram.calls["EditMessageText"] == 1


async def test_flood_control_silences_it(ticker: Ticker, ledger: Ledger, telegram: FakeTelegram) -> None:
    for user in (1, 2):
        await waiting(ledger, telegram, user)
    telegram.order("EditMessageText", flood, flood)
    now = time.time()
    await ticker.tick(now)
    await ticker.tick(now + SOON)
    calls = telegram.calls.total()
    await ticker.tick(now)
    assert telegram.calls.total() == calls


async def test_it_never_follows_a_reply(
    ticker: Ticker, ledger: Ledger, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await waiting(ledger, telegram, 1)
    now = time.time()
    await ticker.tick(now)
    reply = courier.deliver(letter_of_record(record), NoFace.code, 30.0)
    delivery, _ = await asyncio.gather(reply, ticker.tick(now + SOON))
    assert delivery is Delivery.SENT
    assert telegram.texts[record.waiting_message_id].startswith("I found no face")


async def test_it_leaves_alone_what_is_being_answered(ticker: Ticker, ledger: Ledger, telegram: FakeTelegram) -> None:
    record = await waiting(ledger, telegram, 1)
    await ledger.claim(record.request_id, "replier", recorded_only=True)
    await ticker.tick(time.time())
    await ticker.tick(time.time() + SOON)
    assert telegram.calls.total() == 0


async def test_a_waiting_message_that_is_gone_ends_nothing(
    ticker: Ticker, ledger: Ledger, telegram: FakeTelegram
) -> None:
    await waiting(ledger, telegram, 1)
    telegram.order("EditMessageText", bad_request("Bad Request: message to edit not found"))
    await ticker.tick(time.time())
    await ticker.tick(time.time() + SOON)
    assert telegram.calls["EditMessageText"] == 1
