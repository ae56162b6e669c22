# ruff: noqa: ASYNC240  # these paths are local

import asyncio
import os
import time
from pathlib import Path

import pytest
from aiogram import Bot
from attrai_bot.chores import end
from attrai_bot.quotas import Ledger, Record
from attrai_bot.replies import reaper as reaper_module
from attrai_bot.replies.courier import Courier
from attrai_bot.replies.letter import Delivery, letter_of_record
from attrai_bot.replies.reaper import Reaper
from attrai_bot.replies.sender import Sender
from attrai_bot.seal import Seal
from attrai_shared.errors import NoFace
from attrai_shared.photo_store import Part, PhotoStore

from tests.unit.bot.conftest import FIGURES, LIMITS, make_record
from tests.unit.bot.telegram_double import FakeTelegram, flood

LIFETIME = 600.0


@pytest.fixture
def reaper(ledger: Ledger, store: PhotoStore, courier: Courier) -> Reaper:
    return Reaper(ledger, store, courier, LIFETIME)


async def overdue(ledger: Ledger, telegram: FakeTelegram, **changes: object) -> Record:
    record = make_record(waiting_message_id=telegram.standing(), deadline=time.time() - 1, **changes)
    await ledger.admit(record, time.time() - LIFETIME)
    return record


async def reap(reaper: Reaper, rounds: int = 1) -> None:
    answers = [answer for _ in range(rounds) for answer in await reaper.reap()]
    await asyncio.gather(*answers)


async def test_what_passes_its_deadline_is_told(
    reaper: Reaper, ledger: Ledger, telegram: FakeTelegram, store: PhotoStore
) -> None:
    record = await overdue(ledger, telegram)
    store.write(record.request_id, Part.SOURCE, b"photo")
    await reap(reaper)
    assert telegram.said == [f"It took too long, please send the photo again. (request {record.request_id[:8]})"]
    assert await ledger.live() == []
    assert store.orphans(-60) == set()


async def test_after_a_change_of_the_key_nobody_is_told_and_all_is_given_back(
    ledger: Ledger, telegram: FakeTelegram, store: PhotoStore, bot: Bot, server_socket: Path
) -> None:
    record = await overdue(ledger, telegram)
    store.write(record.request_id, Part.SOURCE, b"photo")
    changed = Ledger.at(f"unix://{server_socket}?db=1", LIMITS, Seal(b"another secret"))
    await reap(Reaper(changed, store, Courier(changed, store, Sender(bot), FIGURES), LIFETIME))
    await changed.close()
    assert telegram.calls.total() == 0
    assert await ledger.live() == []
    assert store.orphans(-60) == set()


async def test_what_is_in_time_is_left_alone(reaper: Reaper, ledger: Ledger, telegram: FakeTelegram) -> None:
    await ledger.admit(make_record(waiting_message_id=telegram.standing()), time.time())
    await reap(reaper)
    assert telegram.said == ["A photo waits."]


async def test_rounds_that_meet_an_answer_under_way_do_not_begin_another(
    reaper: Reaper, ledger: Ledger, telegram: FakeTelegram
) -> None:
    await overdue(ledger, telegram)
    telegram.order("EditMessageText", flood)
    await reap(reaper, rounds=5)
    assert telegram.calls["EditMessageText"] == 2


async def test_the_replier_and_the_reaper_do_not_both_answer(
    reaper: Reaper, ledger: Ledger, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await overdue(ledger, telegram)
    telegram.delete(record.waiting_message_id)
    delivering = courier.deliver(letter_of_record(record), NoFace.code, 30.0)
    delivery, _ = await asyncio.gather(delivering, reap(reaper))
    assert len(telegram.said) == 1
    assert telegram.said[0].startswith("I found no face") is (delivery is Delivery.SENT)


async def test_it_goes_round_by_itself_and_outlives_a_ledger_that_is_away(
    reaper: Reaper, ledger: Ledger, telegram: FakeTelegram, server_socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper_module, "ROUND", 0.01)
    record = await overdue(ledger, telegram)
    away = server_socket.with_name("away")
    server_socket.rename(away)
    await ledger.close()
    running = asyncio.create_task(reaper.run())
    await asyncio.sleep(0.05)
    away.rename(server_socket)
    async with asyncio.timeout(30):
        while await ledger.record(record.request_id):
            await asyncio.sleep(0.01)
    await end([running])
    assert telegram.said[0].startswith("It took too long")


async def test_files_whose_request_is_gone_are_swept(
    reaper: Reaper, ledger: Ledger, store: PhotoStore, tmp_path: Path
) -> None:
    orphan, live, fresh = make_record(message_id=1), make_record(message_id=2), make_record(message_id=3)
    await ledger.admit(live, time.time())
    for each in (orphan, live, fresh):
        store.write(each.request_id, Part.SOURCE, b"photo")
    for each in (orphan, live):
        os.utime(tmp_path / "store" / f"{each.request_id}.source", (0, 0))
    assert await reaper.sweep() == {orphan.request_id}
    assert store.orphans(-60) == {live.request_id, fresh.request_id}
