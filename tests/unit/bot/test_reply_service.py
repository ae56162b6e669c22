# ruff: noqa: PLR0917, ASYNC240  # fixtures are a test's list of needs; these paths are local
"""Deliveries: alone, concurrent, and with everything around them failing."""

import asyncio
import dataclasses
import threading
import time
from pathlib import Path

import pytest
from attrai_bot.background import cancel_all
from attrai_bot.delivery import reply_service as reply_service_module
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.state import Claim, LiveRequest, RequestStore
from attrai_bot.state.day_counts import ALL_STEPS, STEPS
from attrai_shared.contracts import Estimated, FaceScore, Failed, StoredOutcome
from attrai_shared.errors import GivenUp, NoFace, TimedOut
from attrai_shared.photo_store import Part, PhotoStore

from tests.unit.bot.conftest import make_request
from tests.unit.bot.telegram_double import FakeTelegram, bad_request, flood, forbidden, network

ESTIMATED = None
NO_FACE = NoFace.code
ESTIMATE = StoredOutcome(outcome=Estimated(faces=(FaceScore(score=7.4),)), seconds=dict.fromkeys(STEPS, 0.1))
OUTCOME = ESTIMATE.model_dump_json().encode()
TIMEOUT_S = 30.0
CAPTION = "1 face found\nScore: 7.4 out of 10"


async def live(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, *parts: Part, **changes: object
) -> LiveRequest:
    """A live request with its files."""
    request = make_request(waiting_message_id=telegram.standing(), **changes)
    await requests.admit(request, time.time())
    for part in parts or (Part.PICTURE, Part.OUTCOME):
        store.write(request.request_id, part, OUTCOME if part is Part.OUTCOME else b"bytes")
    return request


async def assert_ended(requests: RequestStore, store: PhotoStore, request: LiveRequest) -> None:
    assert await requests.find(request.request_id) is None
    assert store.orphans(-60) == set()
    assert await requests.claim(request.request_id, "late", live_only=False) is Claim.ANSWERED


async def test_a_picture_is_delivered_and_nothing_is_kept(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S) is Delivery.SENT
    assert telegram.said == [CAPTION]
    await assert_ended(requests, store, request)


@pytest.mark.parametrize("failure", [GivenUp.code, TimedOut.code])
async def test_a_stored_picture_is_sent_although_its_message_was_lost(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService, failure: str
) -> None:
    """The outcome's message was lost until the broker gave up, or until the deadline.

    The seconds of its estimate are still counted.
    """
    request = await live(requests, store, telegram)
    assert await reply_service.deliver(PendingReply.of_request(request), failure, TIMEOUT_S) is Delivery.SENT
    assert telegram.said == [CAPTION]
    assert sum((await requests.days(time.time()))[-1].seconds[ALL_STEPS]) == 1
    await assert_ended(requests, store, request)


@pytest.mark.parametrize("hanging", [Part.OUTCOME, Part.PICTURE])
async def test_a_failure_does_not_wait_for_a_store_that_hangs(
    requests: RequestStore,
    store: PhotoStore,
    telegram: FakeTelegram,
    reply_service: ReplyService,
    monkeypatch: pytest.MonkeyPatch,
    hanging: Part,
) -> None:
    request, again, read = await live(requests, store, telegram), threading.Event(), store.read

    def hang(request_id: str, part: Part) -> bytes | None:
        return read(request_id, part) if part is not hanging or again.wait(TIMEOUT_S) else None

    monkeypatch.setattr(reply_service_module, "FAILURE_STORE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(store, "read", hang)
    try:
        assert await reply_service.deliver(PendingReply.of_request(request), TimedOut.code, TIMEOUT_S) is Delivery.SENT
    finally:
        again.set()
    assert telegram.said[0].startswith("It took too long")


async def test_a_stored_failure_is_told_although_its_message_was_lost(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram, Part.SOURCE)
    outcome = StoredOutcome(outcome=Failed(code=NO_FACE)).model_dump_json().encode()
    store.write(request.request_id, Part.OUTCOME, outcome)
    assert await reply_service.deliver(PendingReply.of_request(request), GivenUp.code, TIMEOUT_S) is Delivery.SENT
    assert telegram.said[0].startswith("I found no face")
    await assert_ended(requests, store, request)


async def test_a_repeated_delivery_sends_no_second_reply(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S)
    telegram.delete(request.waiting_message_id)
    store.write(request.request_id, Part.PICTURE, b"made again")
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S) is Delivery.ANSWERED
    assert telegram.said == []
    await assert_ended(requests, store, request)


async def test_of_concurrent_deliveries_one_sends(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    telegram.delete(request.waiting_message_id)
    outcomes = [ESTIMATED, NO_FACE, ESTIMATED, NO_FACE]
    ways = await asyncio.gather(
        *(reply_service.deliver(PendingReply.of_request(request), each, TIMEOUT_S) for each in outcomes)
    )
    assert sorted(ways) == sorted([Delivery.SENT] + [Delivery.ANSWERED] * 3)
    assert len(telegram.said) == 1


async def test_a_delivery_waits_for_a_held_claim(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram, Part.SOURCE)
    await requests.claim(request.request_id, "updater", live_only=True)
    assert await reply_service.deliver(PendingReply.of_request(request), NO_FACE, timeout_s=0.0) is Delivery.HELD
    delivering = asyncio.create_task(reply_service.deliver(PendingReply.of_request(request), NO_FACE, TIMEOUT_S))
    await requests.release(request.request_id, "updater")
    assert await delivering is Delivery.SENT


@pytest.mark.parametrize("outcome", [ESTIMATED, NO_FACE], ids=["picture", "sentence"])
async def test_nothing_is_kept_of_a_user_who_blocked_the_bot(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService, outcome: str | None
) -> None:
    request = await live(requests, store, telegram, *([Part.SOURCE] if outcome else []))
    telegram.order("EditMessageMedia", forbidden)
    telegram.order("EditMessageText", forbidden)
    assert await reply_service.deliver(PendingReply.of_request(request), outcome, TIMEOUT_S) is Delivery.UNDELIVERABLE
    await assert_ended(requests, store, request)


async def test_a_picture_that_telegram_refuses_becomes_a_sentence(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    telegram.order("EditMessageMedia", bad_request("Bad Request: IMAGE_PROCESS_FAILED"))
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S) is Delivery.SENT
    assert telegram.said == [
        f"This photo could not be processed. Send it again, or try another one. (request {request.request_id[:8]})"
    ]
    await assert_ended(requests, store, request)


@pytest.mark.parametrize("left", [Part.OUTCOME, Part.PICTURE])
async def test_without_picture_or_outcome_the_reply_is_a_sentence(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService, left: Part
) -> None:
    request = await live(requests, store, telegram, left)
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S) is Delivery.SENT
    assert telegram.said[0].startswith("This photo could not be processed.")


async def test_a_truncated_outcome_becomes_a_sentence(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    store.write(request.request_id, Part.OUTCOME, OUTCOME[:-9])
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S) is Delivery.SENT
    assert telegram.said[0].startswith("This photo could not be processed.")
    await assert_ended(requests, store, request)


async def test_while_telegram_is_away_the_request_stays_live(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    telegram.order("EditMessageMedia", *[network] * 9)
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, timeout_s=0.2) is Delivery.AWAY
    assert await requests.find(request.request_id) == request
    assert store.read(request.request_id, Part.PICTURE) is not None
    assert await requests.claim(request.request_id, "next", live_only=True) is Claim.WON


async def test_an_hour_after_the_deadline_delivery_gives_up(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram, deadline=time.time() - 3700)
    telegram.order("EditMessageMedia", *[network] * 9)
    assert (
        await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, timeout_s=0.2)
        is Delivery.UNDELIVERABLE
    )
    await assert_ended(requests, store, request)


async def test_long_after_the_deadline_a_missing_request_counts_as_answered(
    store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    stale = make_request(deadline=time.time() - 130)
    assert await reply_service.deliver(PendingReply.of_request(stale), NO_FACE, TIMEOUT_S) is Delivery.ANSWERED
    assert telegram.said == []


async def test_a_request_lost_by_the_request_store_is_answered(
    store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    lost = make_request(waiting_message_id=telegram.standing())
    assert await reply_service.deliver(PendingReply.of_request(lost), NO_FACE, TIMEOUT_S) is Delivery.SENT
    assert telegram.said[0].startswith("I found no face")


async def test_flood_control_on_one_chat_does_not_block_others(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    slow, quick = await live(requests, store, telegram, user=1), await live(requests, store, telegram, user=2)
    telegram.order("EditMessageMedia", flood)
    waiting = asyncio.create_task(reply_service.deliver(PendingReply.of_request(slow), ESTIMATED, TIMEOUT_S))
    while telegram.calls["EditMessageMedia"] == 0:
        await asyncio.sleep(0)
    assert await reply_service.deliver(PendingReply.of_request(quick), ESTIMATED, TIMEOUT_S) is Delivery.SENT
    assert not waiting.done()
    assert await waiting is Delivery.SENT


async def test_a_cancelled_delivery_releases_its_claim(
    requests: RequestStore, store: PhotoStore, telegram: FakeTelegram, reply_service: ReplyService
) -> None:
    request = await live(requests, store, telegram)
    telegram.order("EditMessageMedia", flood)
    cut_off = asyncio.create_task(reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S))
    while telegram.calls["EditMessageMedia"] == 0:
        await asyncio.sleep(0)
    await cancel_all([cut_off])
    assert await reply_service.deliver(PendingReply.of_request(request), ESTIMATED, timeout_s=0.0) is Delivery.SENT


async def test_delivery_waits_for_a_request_store_that_is_away(
    server_socket: Path,
    requests: RequestStore,
    store: PhotoStore,
    telegram: FakeTelegram,
    reply_service: ReplyService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = dataclasses.replace(reply_service_module.REQUEST_STORE_RETRY, first_pause_s=0.01, longest_pause_s=0.01)
    monkeypatch.setattr(reply_service_module, "REQUEST_STORE_RETRY", quick)
    request = await live(requests, store, telegram)
    away = server_socket.with_name("away")
    server_socket.rename(away)
    await requests.close()
    delivering = asyncio.create_task(reply_service.deliver(PendingReply.of_request(request), ESTIMATED, TIMEOUT_S))
    await asyncio.sleep(0.05)
    assert not delivering.done()
    away.rename(server_socket)
    assert await delivering is Delivery.SENT


async def test_files_that_cannot_be_deleted_do_not_undo_the_reply(
    tmp_path: Path, requests: RequestStore, telegram: FakeTelegram, reply_service: ReplyService, store: PhotoStore
) -> None:
    request = await live(requests, store, telegram, Part.OUTCOME)
    folder = tmp_path / "store"
    (folder / f"{request.request_id}.picture").mkdir()
    assert await reply_service.deliver(PendingReply.of_request(request), NO_FACE, TIMEOUT_S) is Delivery.SENT
    assert await requests.find(request.request_id) is None
