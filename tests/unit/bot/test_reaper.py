# ruff: noqa: ASYNC240  # these paths are local

import asyncio
import os
import time
from pathlib import Path

import pytest
from aiogram import Bot
from attrai_bot.background import cancel_all
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.replier import reaper as reaper_module
from attrai_bot.replier.reaper import Reaper
from attrai_bot.state import LiveRequest, RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_shared.errors import NoFace
from attrai_shared.photo_store import Part, PhotoStore

from tests.unit.bot.conftest import LIMITS, TEXT_PARAMS, make_request
from tests.unit.bot.telegram_double import FakeTelegram, flood

LIFETIME = 600.0


@pytest.fixture
def reaper(requests: RequestStore, store: PhotoStore, reply_service: ReplyService) -> Reaper:
    return Reaper(requests, store, reply_service, LIFETIME)


async def overdue(requests: RequestStore, telegram: FakeTelegram, **changes: object) -> LiveRequest:
    request = make_request(waiting_message_id=telegram.standing(), deadline=time.time() - 1, **changes)
    await requests.admit(request, time.time() - LIFETIME)
    return request


async def reap(reaper: Reaper, rounds: int = 1) -> None:
    answers = [answer for _ in range(rounds) for answer in await reaper.reap()]
    await asyncio.gather(*answers)


async def test_an_overdue_request_is_answered(
    reaper: Reaper, requests: RequestStore, telegram: FakeTelegram, store: PhotoStore
) -> None:
    request = await overdue(requests, telegram)
    store.write(request.request_id, Part.SOURCE, b"photo")
    await reap(reaper)
    assert telegram.said == [f"It took too long, please send the photo again. (request {request.request_id[:8]})"]
    assert await requests.live() == []
    assert store.orphans(-60) == set()


async def test_after_a_key_change_all_is_given_back_without_a_message(
    requests: RequestStore, telegram: FakeTelegram, store: PhotoStore, bot: Bot, server_socket: Path
) -> None:
    request = await overdue(requests, telegram)
    store.write(request.request_id, Part.SOURCE, b"photo")
    changed = RequestStore.at(f"unix://{server_socket}?db=1", LIMITS, AddressCipher(b"another secret"))
    await reap(Reaper(changed, store, ReplyService(changed, store, ReplySender(bot), TEXT_PARAMS), LIFETIME))
    await changed.close()
    assert telegram.calls.total() == 0
    assert await requests.live() == []
    assert store.orphans(-60) == set()


async def test_a_request_in_time_is_left_alone(reaper: Reaper, requests: RequestStore, telegram: FakeTelegram) -> None:
    await requests.admit(make_request(waiting_message_id=telegram.standing()), time.time())
    await reap(reaper)
    assert telegram.said == ["A photo waits."]


async def test_an_open_answer_is_not_started_again(
    reaper: Reaper, requests: RequestStore, telegram: FakeTelegram
) -> None:
    await overdue(requests, telegram)
    telegram.order("EditMessageText", flood)
    await reap(reaper, rounds=5)
    assert telegram.calls["EditMessageText"] == 2


async def test_either_the_replier_or_the_reaper_answers(
    reaper: Reaper, requests: RequestStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await overdue(requests, telegram)
    telegram.delete(request.waiting_message_id)
    delivering = reply_service.deliver(PendingReply.of_request(request), NoFace.code, 30.0)
    delivery, _ = await asyncio.gather(delivering, reap(reaper))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith("I found no face") is (delivery is Delivery.SENT)


async def test_the_reaper_repeats_and_survives_a_request_store_that_is_away(
    reaper: Reaper, requests: RequestStore, telegram: FakeTelegram, server_socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper_module, "REAP_INTERVAL_S", 0.01)
    request = await overdue(requests, telegram)
    away = server_socket.with_name("away")
    server_socket.rename(away)
    await requests.close()
    running = asyncio.create_task(reaper.run())
    await asyncio.sleep(0.05)
    away.rename(server_socket)
    async with asyncio.timeout(30):
        while await requests.find(request.request_id):
            await asyncio.sleep(0.01)
    await cancel_all([running])
    assert telegram.said[0].startswith("It took too long")


async def test_files_without_a_live_request_are_deleted(
    reaper: Reaper, requests: RequestStore, store: PhotoStore, tmp_path: Path
) -> None:
    orphan, live, fresh = make_request(message_id=1), make_request(message_id=2), make_request(message_id=3)
    await requests.admit(live, time.time())
    for each in (orphan, live, fresh):
        store.write(each.request_id, Part.SOURCE, b"photo")
    for each in (orphan, live):
        os.utime(tmp_path / "store" / f"{each.request_id}.source", (0, 0))
    assert await reaper.sweep() == {orphan.request_id}
    assert store.orphans(-60) == {live.request_id, fresh.request_id}
