import asyncio
import time

import pytest
import redis
from aiogram import Bot
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.waiting_messages import FIRST_EDIT_AFTER_S, WaitingMessageUpdater
from attrai_bot.state import LiveRequest, RequestStore
from attrai_shared import keys
from attrai_shared.errors import NoFace

from tests.unit.bot.conftest import TEXT_PARAMS, make_request
from tests.unit.bot.telegram_double import FakeTelegram, bad_request, flood

SOON, LATER = FIRST_EDIT_AFTER_S + 1, 3 * FIRST_EDIT_AFTER_S + 2


@pytest.fixture
def updater(bot: Bot, requests: RequestStore, database: "redis.Redis[str]") -> WaitingMessageUpdater:
    database.zadd(keys.REPLICAS, {"one": time.time() + 1000})
    return WaitingMessageUpdater(bot, requests, TEXT_PARAMS)


async def waiting(requests: RequestStore, telegram: FakeTelegram, user: int) -> LiveRequest:
    request = make_request(user=user, waiting_message_id=telegram.standing())
    await requests.admit(request, time.time())
    return request


async def test_a_changed_place_is_shown(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram
) -> None:
    now = time.time()
    first, second = [await waiting(requests, telegram, user) for user in (1, 2)]
    await updater.update(now)
    assert telegram.calls.total() == 0
    await updater.update(now + SOON)
    assert "number 1" in telegram.texts[first.waiting_message_id]
    assert "number 2" in telegram.texts[second.waiting_message_id]
    await requests.settle(first.request_id, first.user, first.deadline, now)
    await updater.update(now + SOON + 1)
    assert "number 2" in telegram.texts[second.waiting_message_id], "edited too soon"
    await updater.update(now + LATER)
    assert "number 1" in telegram.texts[second.waiting_message_id]


async def test_an_unchanged_text_is_not_edited(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram
) -> None:
    await waiting(requests, telegram, 1)
    for seconds in range(0, 300, 10):
        await updater.update(time.time() + seconds)
    assert telegram.calls["EditMessageText"] == 1


async def test_flood_control_pauses_all_edits(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram
) -> None:
    for user in (1, 2):
        await waiting(requests, telegram, user)
    telegram.order("EditMessageText", flood, flood)
    now = time.time()
    await updater.update(now)
    await updater.update(now + SOON)
    calls = telegram.calls.total()
    await updater.update(now)
    assert telegram.calls.total() == calls


async def test_no_edit_follows_a_reply(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await waiting(requests, telegram, 1)
    now = time.time()
    await updater.update(now)
    reply = reply_service.deliver(PendingReply.of_request(request), NoFace.code, 30.0)
    delivery, _ = await asyncio.gather(reply, updater.update(now + SOON))
    assert delivery is Delivery.SENT
    assert telegram.texts[request.waiting_message_id].startswith("I found no face")


async def test_a_claimed_request_is_not_edited(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram
) -> None:
    request = await waiting(requests, telegram, 1)
    await requests.claim(request.request_id, "replier", live_only=True)
    await updater.update(time.time())
    await updater.update(time.time() + SOON)
    assert telegram.calls.total() == 0


async def test_a_deleted_waiting_message_does_not_stop_the_updates(
    updater: WaitingMessageUpdater, requests: RequestStore, telegram: FakeTelegram
) -> None:
    await waiting(requests, telegram, 1)
    telegram.order("EditMessageText", bad_request("Bad Request: message to edit not found"))
    await updater.update(time.time())
    await updater.update(time.time() + SOON)
    assert telegram.calls["EditMessageText"] == 1
