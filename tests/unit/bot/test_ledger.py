import asyncio
import time
from pathlib import Path
from statistics import covariance, mean, pvariance

import pytest
import redis
from attrai_bot.quotas import Admitted, Claim, Earlier, Ledger, Load, Timings
from attrai_bot.quotas.records import NOBODY
from attrai_bot.quotas.timings import WINDOW
from attrai_bot.seal import Seal
from attrai_shared import keys
from attrai_shared.errors import Busy, QuotaExceeded, RequestStoreUnavailable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.bot.conftest import LIMITS, SEAL, make_record

Database = redis.Redis


async def test_a_request_is_admitted_with_its_place(ledger: Ledger) -> None:
    now = time.time()
    assert await ledger.admit(make_record(user=1, message_id=1, deadline=now + 10), now) == Admitted(
        of_user=1, ahead=Load(0, 0)
    )
    assert await ledger.admit(make_record(user=2, message_id=1, deadline=now + 11), now) == Admitted(
        of_user=1, ahead=Load(1, 100)
    )
    assert await ledger.admit(make_record(user=1, message_id=2, deadline=now + 12), now) == Admitted(
        of_user=2, ahead=Load(2, 200)
    )


async def test_a_user_has_so_many_and_no_more(ledger: Ledger) -> None:
    now = time.time()
    for message_id in range(LIMITS.of_user):
        await ledger.admit(make_record(message_id=message_id), now)
    with pytest.raises(QuotaExceeded):
        await ledger.admit(make_record(message_id=99), now)
    assert await ledger.admit(make_record(user=2), now) == Admitted(
        of_user=1, ahead=Load(LIMITS.of_user, 100 * LIMITS.of_user)
    )


async def test_photos_sent_at_once_do_not_slip_past_the_quota(ledger: Ledger) -> None:
    taken = await asyncio.gather(
        *(ledger.admit(make_record(message_id=one), time.time()) for one in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, Admitted) for one in taken) == LIMITS.of_user
    assert sum(isinstance(one, QuotaExceeded) for one in taken) == 8 - LIMITS.of_user


async def test_a_request_past_its_deadline_does_not_lock_its_user_out(ledger: Ledger) -> None:
    now = time.time()
    for message_id in range(LIMITS.of_user):
        await ledger.admit(make_record(message_id=message_id, deadline=now + 5), now)
    assert isinstance(await ledger.admit(make_record(message_id=99), now + 6), Admitted)


async def test_all_together_have_so_many_and_no_more(ledger: Ledger) -> None:
    for user in range(LIMITS.of_all):
        await ledger.admit(make_record(user=user), time.time())
    with pytest.raises(Busy):
        await ledger.admit(make_record(user=99), time.time())


async def test_the_store_is_not_promised_twice(ledger: Ledger) -> None:
    await ledger.admit(make_record(user=1, bytes=700), time.time())
    with pytest.raises(Busy):
        await ledger.admit(make_record(user=2, bytes=301), time.time())
    assert isinstance(await ledger.admit(make_record(user=2, bytes=300), time.time()), Admitted)


async def test_an_update_delivered_twice_is_taken_once(ledger: Ledger) -> None:
    first = make_record()
    await ledger.admit(first, time.time())
    shown = first.model_copy(update={"waiting_message_id": 55})
    await ledger.note_waiting(shown)
    assert await ledger.admit(make_record(), time.time()) == Earlier(shown)
    await ledger.note_queued(first.request_id)
    again = await ledger.admit(make_record(), time.time())
    assert isinstance(again, Earlier)
    assert again.record
    assert again.record.queued
    assert len(await ledger.live()) == 1


async def test_an_update_delivered_again_after_the_reply_is_known(ledger: Ledger) -> None:
    first = make_record()
    await ledger.admit(first, time.time())
    await ledger.settle(first.request_id, first.user, first.deadline, time.time())
    assert await ledger.admit(make_record(), time.time()) == Earlier(None)


async def test_settling_gives_back_all_and_leaves_marks_that_end(ledger: Ledger, database: Database) -> None:
    one, other = make_record(message_id=1), make_record(message_id=2)
    for each in (one, other):
        await ledger.admit(each, time.time())
    await ledger.claim(one.request_id, "me", recorded_only=True)
    for _ in range(2):
        await ledger.settle(one.request_id, one.user, one.deadline, time.time())
    assert int(database.get(keys.BYTES) or 0) == other.bytes
    assert await ledger.live() == [other]
    assert await ledger.record(one.request_id) is None
    await ledger.settle(other.request_id, other.user, other.deadline, time.time())
    left = {key: database.pttl(key) for key in database.scan_iter() if not key.startswith(keys.day(""))}
    assert left.pop(keys.BYTES) == -1
    assert all(0 < ttl < 3600_000 + 600_001 for ttl in left.values())
    assert len(left) == 4, left


async def test_a_record_holds_no_number_of_telegrams(ledger: Ledger, database: Database) -> None:
    request = make_record(message_id=987654321, chat_id=123456789, waiting_message_id=192837465)
    await ledger.admit(request, time.time())
    await ledger.note_waiting(request)
    kept = str([(key, database.type(key)) for key in database.scan_iter()])
    kept += str(database.hgetall(keys.record(request.request_id)))
    assert request.request_id in kept
    assert not [number for number in ("987654321", "123456789", "192837465") if number in kept]
    assert await ledger.record(request.request_id) == request


async def test_a_record_of_version_1_is_read(ledger: Ledger, database: Database) -> None:
    request = make_record(waiting_message_id=55)
    fields = {name: int(value) if name == "queued" else value for name, value in request.model_dump().items()}
    database.hset(keys.record(request.request_id), mapping=fields)
    assert await ledger.record(request.request_id) == request
    shown = request.model_copy(update={"waiting_message_id": 56})
    await ledger.note_waiting(shown)
    assert await ledger.record(request.request_id) == shown


async def test_after_a_change_of_the_key_a_record_is_nobodys(ledger: Ledger, server_socket: Path) -> None:
    request = make_record(waiting_message_id=55)
    await ledger.admit(request, time.time())
    changed = Ledger.at(f"unix://{server_socket}?db=1", LIMITS, Seal(b"another secret"))
    (found,) = await changed.live()
    assert (found.address, found.request_id, found.user) == (NOBODY, request.request_id, request.user)
    await changed.close()


async def test_notes_do_not_raise_the_dead(ledger: Ledger, database: Database) -> None:
    gone = make_record()
    await ledger.note_waiting(gone)
    await ledger.note_queued(gone.request_id)
    assert not database.exists(keys.record(gone.request_id))


async def test_one_claim_wins(ledger: Ledger) -> None:
    request = make_record()
    await ledger.admit(request, time.time())
    claims = await asyncio.gather(
        *(ledger.claim(request.request_id, f"owner{one}", recorded_only=True) for one in range(8))
    )
    assert sorted(claims) == sorted([Claim.WON] + [Claim.HELD] * 7)


async def test_a_claim_is_renewed_released_and_lost_only_by_its_owner(ledger: Ledger, database: Database) -> None:
    request = make_record().request_id
    assert await ledger.claim(request, "me", recorded_only=False) is Claim.WON
    database.pexpire(keys.replying(request), 50)
    assert await ledger.claim(request, "me", recorded_only=False) is Claim.WON
    assert database.pttl(keys.replying(request)) > 5000
    await ledger.release(request, "you")
    assert await ledger.claim(request, "you", recorded_only=False) is Claim.HELD
    await ledger.release(request, "me")
    assert await ledger.claim(request, "you", recorded_only=False) is Claim.WON


async def test_an_answered_request_is_claimed_by_nobody(ledger: Ledger) -> None:
    request = make_record()
    await ledger.settle(request.request_id, request.user, request.deadline, time.time())
    assert await ledger.claim(request.request_id, "me", recorded_only=False) is Claim.ANSWERED


async def test_a_request_without_a_record_is_answered_only_where_one_is_needed(ledger: Ledger) -> None:
    request = make_record().request_id
    assert await ledger.claim(request, "me", recorded_only=True) is Claim.ANSWERED
    assert await ledger.claim(request, "me", recorded_only=False) is Claim.WON


async def test_overdue_requests_come_the_oldest_first(ledger: Ledger) -> None:
    now = time.time()
    late, later, live = (make_record(user=user, deadline=now + user) for user in (1, 2, 9))
    for each in (live, later, late):
        await ledger.admit(each, now)
    assert await ledger.overdue(now + 3) == [late, later]
    assert await ledger.live() == [late, later, live]


async def test_replicas_count_while_they_speak(ledger: Ledger, database: Database) -> None:
    now = time.time()
    database.zadd(keys.REPLICAS, {"quiet": now - keys.REPLICA_SILENCE - 1, "well": now - 1, "new": now})
    assert await ledger.replicas(now) == 2


async def answered(ledger: Ledger, number: int, size: int, seconds: float) -> None:
    request = make_record(message_id=number, bytes=size)
    await ledger.admit(request, time.time())
    for _ in range(2):
        await ledger.settle(request.request_id, request.user, request.deadline, time.time(), {"detect": seconds})


async def test_estimates_teach_how_long_they_take(ledger: Ledger) -> None:
    assert await ledger.timings() == Timings()
    sizes, seconds = [100, 300, 200, 400], [1.0, 3.2, 2.1, 3.8]
    for number, (size, took) in enumerate(zip(sizes, seconds, strict=True)):
        await answered(ledger, number, size, took)
    learnt = await ledger.timings()
    assert learnt.photos == 4
    assert learnt.seconds == pytest.approx(mean(seconds))
    assert learnt.bytes == pytest.approx(mean(sizes))
    assert learnt.variance == pytest.approx(pvariance(sizes))
    assert learnt.covariance == pytest.approx(covariance(sizes, seconds) * 3 / 4)


async def test_what_is_long_past_fades(ledger: Ledger) -> None:
    for number in range(5 * WINDOW):
        await answered(ledger, number, 100, 1.0 if number else 9.0)
    learnt = await ledger.timings()
    assert learnt.photos == WINDOW
    assert learnt.seconds == pytest.approx(1.0, abs=0.1)


async def test_what_was_not_estimated_teaches_nothing(ledger: Ledger) -> None:
    request = make_record()
    await ledger.admit(request, time.time())
    await ledger.settle(request.request_id, request.user, request.deadline, time.time())
    assert await ledger.timings() == Timings()


async def test_a_chosen_language_is_kept(ledger: Ledger) -> None:
    assert await ledger.language("a" * 32) is None
    await ledger.set_language("a" * 32, "ru")
    assert await ledger.language("a" * 32) == "ru"


async def test_a_server_that_is_away_is_one_error(tmp_path: Path) -> None:
    ledger = Ledger.at(f"unix://{tmp_path}/nobody?db=1", LIMITS, SEAL)
    with pytest.raises(RequestStoreUnavailable):
        await ledger.admit(make_record(), time.time())
    with pytest.raises(RequestStoreUnavailable):
        await ledger.live()
    await ledger.close()


changes = st.lists(
    st.tuples(st.sampled_from(["admit", "settle"]), st.integers(0, 3), st.integers(0, 5), st.integers(0, 400)),
    max_size=40,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
def test_no_sequence_of_changes_breaks_the_quota(
    database: Database, server_socket: Path, steps: list[tuple[str, int, int, int]]
) -> None:
    database.flushdb()
    asyncio.run(_walk(database, server_socket, steps))


async def _walk(database: Database, server_socket: Path, steps: list[tuple[str, int, int, int]]) -> None:
    ledger = Ledger.at(f"unix://{server_socket}?db=1", LIMITS, SEAL)
    for step, user, message_id, size in steps:
        if step == "admit":
            request = make_record(user, message_id, bytes=size)
            try:
                await ledger.admit(request, time.time())
            except (QuotaExceeded, Busy):
                assert await ledger.record(request.request_id) is None
        else:
            for request in (await ledger.live())[message_id : message_id + 1]:
                await ledger.settle(request.request_id, request.user, request.deadline, time.time())
        await _check(ledger, database)
    await ledger.close()


async def _check(ledger: Ledger, database: Database) -> None:
    live = await ledger.live()
    assert len(live) == database.zcard(keys.LIVE) <= LIMITS.of_all
    assert sum(record.bytes for record in live) == int(database.get(keys.BYTES) or 0) <= LIMITS.of_bytes
    for user in {record.user for record in live}:
        mine = sum(record.user == user for record in live)
        assert mine == database.zcard(keys.of_user(user)) <= LIMITS.of_user
