# ruff: noqa: PLR0917, ASYNC240  # fixtures are a test's list of needs; these paths are local
"""One delivery, alone, in company, and with everything around it failing."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from attrai_bot.chores import end
from attrai_bot.quotas import Claim, Ledger, Record
from attrai_bot.quotas.counts import ALL_STEPS, STEPS
from attrai_bot.replies import courier as courier_module
from attrai_bot.replies.courier import Courier
from attrai_bot.replies.letter import Delivery, letter_of_record
from attrai_shared.contracts import Estimated, FaceScore, Failed, StoredOutcome
from attrai_shared.errors import GivenUp, NoFace, TimedOut
from attrai_shared.photo_store import Part, PhotoStore

from tests.unit.bot.conftest import make_record
from tests.unit.bot.telegram_double import FakeTelegram, bad_request, flood, forbidden, network

ESTIMATED = None
NO_FACE = NoFace.code
ESTIMATE = StoredOutcome(outcome=Estimated(faces=(FaceScore(score=7.4),)), seconds=dict.fromkeys(STEPS, 0.1))
OUTCOME = ESTIMATE.model_dump_json().encode()
PATIENCE = 30.0
CAPTION = "1 face found\nScore: 7.4 out of 10"


async def live(ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, *parts: Part, **changes: object) -> Record:
    """A request that waits, with its files."""
    record = make_record(waiting_message_id=telegram.standing(), **changes)
    await ledger.admit(record, time.time())
    for part in parts or (Part.PICTURE, Part.OUTCOME):
        store.write(record.request_id, part, OUTCOME if part is Part.OUTCOME else b"bytes")
    return record


async def assert_ended(ledger: Ledger, store: PhotoStore, record: Record) -> None:
    assert await ledger.record(record.request_id) is None
    assert store.orphans(-60) == set()
    assert await ledger.claim(record.request_id, "late", recorded_only=False) is Claim.ANSWERED


async def test_a_picture_is_delivered_and_nothing_is_kept(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    assert await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE) is Delivery.SENT
    assert telegram.said == [CAPTION]
    await assert_ended(ledger, store, record)


@pytest.mark.parametrize("failure", [GivenUp.code, TimedOut.code])
async def test_what_was_estimated_is_sent_though_its_message_never_came(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier, failure: str
) -> None:
    """The broker took no outcomes until it gave the request up, or until its deadline. Its times count like any other's."""
    record = await live(ledger, store, telegram)
    assert await courier.deliver(letter_of_record(record), failure, PATIENCE) is Delivery.SENT
    assert telegram.said == [CAPTION]
    assert sum((await ledger.days(time.time()))[-1].seconds[ALL_STEPS]) == 1
    await assert_ended(ledger, store, record)


@pytest.mark.parametrize("hanging", [Part.OUTCOME, Part.PICTURE])
async def test_a_failure_does_not_wait_for_a_store_that_hangs(
    ledger: Ledger,
    store: PhotoStore,
    telegram: FakeTelegram,
    courier: Courier,
    monkeypatch: pytest.MonkeyPatch,
    hanging: Part,
) -> None:
    record, again, read = await live(ledger, store, telegram), threading.Event(), store.read

    def hang(request_id: str, part: Part) -> bytes | None:
        return read(request_id, part) if part is not hanging or again.wait(PATIENCE) else None

    monkeypatch.setattr(courier_module, "STORE_PATIENCE", 0.5)
    monkeypatch.setattr(store, "read", hang)
    try:
        assert await courier.deliver(letter_of_record(record), TimedOut.code, PATIENCE) is Delivery.SENT
    finally:
        again.set()
    assert telegram.said[0].startswith("It took too long")


async def test_what_an_estimator_found_wrong_is_said_though_its_message_never_came(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram, Part.SOURCE)
    outcome = StoredOutcome(outcome=Failed(code=NO_FACE)).model_dump_json().encode()
    store.write(record.request_id, Part.OUTCOME, outcome)
    assert await courier.deliver(letter_of_record(record), GivenUp.code, PATIENCE) is Delivery.SENT
    assert telegram.said[0].startswith("I found no face")
    await assert_ended(ledger, store, record)


async def test_delivered_again_there_is_no_second_reply(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE)
    telegram.delete(record.waiting_message_id)
    store.write(record.request_id, Part.PICTURE, b"made again")
    assert await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE) is Delivery.ANSWERED
    assert telegram.said == []
    await assert_ended(ledger, store, record)


async def test_of_many_at_once_one_sends(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    telegram.delete(record.waiting_message_id)
    outcomes = [ESTIMATED, NO_FACE, ESTIMATED, NO_FACE]
    ways = await asyncio.gather(*(courier.deliver(letter_of_record(record), each, PATIENCE) for each in outcomes))
    assert sorted(ways) == sorted([Delivery.SENT] + [Delivery.ANSWERED] * 3)
    assert len(telegram.said) == 1


async def test_one_that_is_held_is_waited_for(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram, Part.SOURCE)
    await ledger.claim(record.request_id, "ticker", recorded_only=True)
    assert await courier.deliver(letter_of_record(record), NO_FACE, patience=0.0) is Delivery.HELD
    delivering = asyncio.create_task(courier.deliver(letter_of_record(record), NO_FACE, PATIENCE))
    await ledger.release(record.request_id, "ticker")
    assert await delivering is Delivery.SENT


@pytest.mark.parametrize("outcome", [ESTIMATED, NO_FACE], ids=["picture", "sentence"])
async def test_a_user_who_blocked_the_bot_is_forgotten(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier, outcome: str | None
) -> None:
    record = await live(ledger, store, telegram, *([Part.SOURCE] if outcome else []))
    telegram.order("EditMessageMedia", forbidden)
    telegram.order("EditMessageText", forbidden)
    assert await courier.deliver(letter_of_record(record), outcome, PATIENCE) is Delivery.UNDELIVERABLE
    await assert_ended(ledger, store, record)


async def test_a_picture_that_telegram_refuses_becomes_a_sentence(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    telegram.order("EditMessageMedia", bad_request("Bad Request: IMAGE_PROCESS_FAILED"))
    assert await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE) is Delivery.SENT
    assert telegram.said == [
        f"This photo could not be processed. Send it again, or try another one. (request {record.request_id[:8]})"
    ]
    await assert_ended(ledger, store, record)


@pytest.mark.parametrize("left", [Part.OUTCOME, Part.PICTURE])
async def test_without_its_picture_or_its_outcome_a_reply_is_a_sentence(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier, left: Part
) -> None:
    record = await live(ledger, store, telegram, left)
    assert await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE) is Delivery.SENT
    assert telegram.said[0].startswith("This photo could not be processed.")


async def test_an_outcome_that_is_cut_becomes_a_sentence(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    store.write(record.request_id, Part.OUTCOME, OUTCOME[:-9])
    assert await courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE) is Delivery.SENT
    assert telegram.said[0].startswith("This photo could not be processed.")
    await assert_ended(ledger, store, record)


async def test_while_telegram_is_away_the_request_lives_on(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    telegram.order("EditMessageMedia", *[network] * 9)
    assert await courier.deliver(letter_of_record(record), ESTIMATED, patience=0.2) is Delivery.AWAY
    assert await ledger.record(record.request_id) == record
    assert store.read(record.request_id, Part.PICTURE) is not None
    assert await ledger.claim(record.request_id, "next", recorded_only=True) is Claim.WON


async def test_an_hour_after_the_deadline_nobody_tries_any_more(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram, deadline=time.time() - 3700)
    telegram.order("EditMessageMedia", *[network] * 9)
    assert await courier.deliver(letter_of_record(record), ESTIMATED, patience=0.2) is Delivery.UNDELIVERABLE
    await assert_ended(ledger, store, record)


async def test_long_after_the_deadline_a_request_without_a_record_is_answered(
    store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    stale = make_record(deadline=time.time() - 130)
    assert await courier.deliver(letter_of_record(stale), NO_FACE, PATIENCE) is Delivery.ANSWERED
    assert telegram.said == []


async def test_a_request_that_the_ledger_has_lost_is_answered(
    store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    lost = make_record(waiting_message_id=telegram.standing())
    assert await courier.deliver(letter_of_record(lost), NO_FACE, PATIENCE) is Delivery.SENT
    assert telegram.said[0].startswith("I found no face")


async def test_flood_control_on_one_chat_holds_up_no_other(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    slow, quick = await live(ledger, store, telegram, user=1), await live(ledger, store, telegram, user=2)
    telegram.order("EditMessageMedia", flood)
    waiting = asyncio.create_task(courier.deliver(letter_of_record(slow), ESTIMATED, PATIENCE))
    while telegram.calls["EditMessageMedia"] == 0:
        await asyncio.sleep(0)
    assert await courier.deliver(letter_of_record(quick), ESTIMATED, PATIENCE) is Delivery.SENT
    assert not waiting.done()
    assert await waiting is Delivery.SENT


async def test_cut_off_in_the_middle_it_gives_its_claim_back(
    ledger: Ledger, store: PhotoStore, telegram: FakeTelegram, courier: Courier
) -> None:
    record = await live(ledger, store, telegram)
    telegram.order("EditMessageMedia", flood)
    cut_off = asyncio.create_task(courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE))
    while telegram.calls["EditMessageMedia"] == 0:
        await asyncio.sleep(0)
    await end([cut_off])
    assert await courier.deliver(letter_of_record(record), ESTIMATED, patience=0.0) is Delivery.SENT


async def test_it_waits_for_a_ledger_that_is_away(
    server_socket: Path,
    ledger: Ledger,
    store: PhotoStore,
    telegram: FakeTelegram,
    courier: Courier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier_module, "LEDGER_PAUSE", 0.01)
    record = await live(ledger, store, telegram)
    away = server_socket.with_name("away")
    server_socket.rename(away)
    await ledger.close()
    delivering = asyncio.create_task(courier.deliver(letter_of_record(record), ESTIMATED, PATIENCE))
    await asyncio.sleep(0.05)
    assert not delivering.done()
    away.rename(server_socket)
    assert await delivering is Delivery.SENT


async def test_files_that_cannot_be_deleted_do_not_undo_the_reply(
    tmp_path: Path, ledger: Ledger, telegram: FakeTelegram, courier: Courier, store: PhotoStore
) -> None:
    record = await live(ledger, store, telegram, Part.OUTCOME)
    folder = tmp_path / "store"
    (folder / f"{record.request_id}.picture").mkdir()
    assert await courier.deliver(letter_of_record(record), NO_FACE, PATIENCE) is Delivery.SENT
    assert await ledger.record(record.request_id) is None
