import asyncio
import time
from pathlib import Path
from statistics import covariance, mean, pvariance

import pytest
import redis
from attrai_bot.state import Admitted, Claim, Duplicate, QueueLoad, RequestStore, Timings
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.state.live_request import UNREADABLE_ADDRESS
from attrai_bot.state.timings import WINDOW_PHOTOS
from attrai_shared import keys
from attrai_shared.errors import Busy, QuotaExceeded, RequestStoreUnavailable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.bot.conftest import CIPHER, LIMITS, make_request

Database = redis.Redis


async def test_a_request_is_admitted_with_its_place(requests: RequestStore) -> None:
    now = time.time()
    assert await requests.admit(make_request(user=1, message_id=1, deadline=now + 10), now) == Admitted(
        of_user=1, ahead=QueueLoad(0, 0)
    )
    assert await requests.admit(make_request(user=2, message_id=1, deadline=now + 11), now) == Admitted(
        of_user=1, ahead=QueueLoad(1, 100)
    )
    assert await requests.admit(make_request(user=1, message_id=2, deadline=now + 12), now) == Admitted(
        of_user=2, ahead=QueueLoad(2, 200)
    )


async def test_live_requests_of_a_user_are_limited(requests: RequestStore) -> None:
    now = time.time()
    for message_id in range(LIMITS.of_user):
        await requests.admit(make_request(message_id=message_id), now)
    with pytest.raises(QuotaExceeded):
        await requests.admit(make_request(message_id=99), now)
    assert await requests.admit(make_request(user=2), now) == Admitted(
        of_user=1, ahead=QueueLoad(LIMITS.of_user, 100 * LIMITS.of_user)
    )


async def test_concurrent_photos_do_not_exceed_the_quota(requests: RequestStore) -> None:
    taken = await asyncio.gather(
        *(requests.admit(make_request(message_id=one), time.time()) for one in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, Admitted) for one in taken) == LIMITS.of_user
    assert sum(isinstance(one, QuotaExceeded) for one in taken) == 8 - LIMITS.of_user


async def test_an_overdue_request_does_not_count_against_its_user(requests: RequestStore) -> None:
    now = time.time()
    for message_id in range(LIMITS.of_user):
        await requests.admit(make_request(message_id=message_id, deadline=now + 5), now)
    assert isinstance(await requests.admit(make_request(message_id=99), now + 6), Admitted)


async def test_live_requests_of_all_users_are_limited(requests: RequestStore) -> None:
    for user in range(LIMITS.of_all):
        await requests.admit(make_request(user=user), time.time())
    with pytest.raises(Busy):
        await requests.admit(make_request(user=99), time.time())


async def test_reserved_bytes_are_limited(requests: RequestStore) -> None:
    await requests.admit(make_request(user=1, bytes=700), time.time())
    with pytest.raises(Busy):
        await requests.admit(make_request(user=2, bytes=301), time.time())
    assert isinstance(await requests.admit(make_request(user=2, bytes=300), time.time()), Admitted)


async def test_a_repeated_update_is_taken_once(requests: RequestStore) -> None:
    first = make_request()
    await requests.admit(first, time.time())
    shown = first.model_copy(update={"waiting_message_id": 55})
    await requests.note_waiting(shown)
    assert await requests.admit(make_request(), time.time()) == Duplicate(shown)
    await requests.note_queued(first.request_id)
    again = await requests.admit(make_request(), time.time())
    assert isinstance(again, Duplicate)
    assert again.request
    assert again.request.queued
    assert len(await requests.live()) == 1


async def test_an_update_repeated_after_the_reply_is_a_duplicate(requests: RequestStore) -> None:
    first = make_request()
    await requests.admit(first, time.time())
    await requests.settle(first.request_id, first.user, first.deadline, time.time())
    assert await requests.admit(make_request(), time.time()) == Duplicate(None)


async def test_settling_gives_back_all_and_leaves_marks_that_expire(requests: RequestStore, database: Database) -> None:
    one, other = make_request(message_id=1), make_request(message_id=2)
    for each in (one, other):
        await requests.admit(each, time.time())
    await requests.claim(one.request_id, "me", live_only=True)
    for _ in range(2):
        await requests.settle(one.request_id, one.user, one.deadline, time.time())
    assert int(database.get(keys.BYTES) or 0) == other.bytes
    assert await requests.live() == [other]
    assert await requests.find(one.request_id) is None
    await requests.settle(other.request_id, other.user, other.deadline, time.time())
    left = {key: database.pttl(key) for key in database.scan_iter() if not key.startswith(keys.day(""))}
    assert left.pop(keys.BYTES) == -1
    assert all(0 < ttl < 3600_000 + 600_001 for ttl in left.values())
    assert len(left) == 4, left


async def test_a_stored_request_holds_no_telegram_number(requests: RequestStore, database: Database) -> None:
    request = make_request(message_id=987654321, chat_id=123456789, waiting_message_id=192837465)
    await requests.admit(request, time.time())
    await requests.note_waiting(request)
    kept = str([(key, database.type(key)) for key in database.scan_iter()])
    kept += str(database.hgetall(keys.record(request.request_id)))
    assert request.request_id in kept
    assert not [number for number in ("987654321", "123456789", "192837465") if number in kept]
    assert await requests.find(request.request_id) == request


async def test_a_stored_request_of_version_1_is_read(requests: RequestStore, database: Database) -> None:
    request = make_request(waiting_message_id=55)
    fields = {name: int(value) if name == "queued" else value for name, value in request.model_dump().items()}
    database.hset(keys.record(request.request_id), mapping=fields)
    assert await requests.find(request.request_id) == request
    shown = request.model_copy(update={"waiting_message_id": 56})
    await requests.note_waiting(shown)
    assert await requests.find(request.request_id) == shown


async def test_after_a_key_change_the_address_is_unreadable(requests: RequestStore, server_socket: Path) -> None:
    request = make_request(waiting_message_id=55)
    await requests.admit(request, time.time())
    changed = RequestStore.at(f"unix://{server_socket}?db=1", LIMITS, AddressCipher(b"another secret"))
    (found,) = await changed.live()
    assert (found.address, found.request_id, found.user) == (UNREADABLE_ADDRESS, request.request_id, request.user)
    await changed.close()


async def test_notes_do_not_recreate_a_request(requests: RequestStore, database: Database) -> None:
    gone = make_request()
    await requests.note_waiting(gone)
    await requests.note_queued(gone.request_id)
    assert not database.exists(keys.record(gone.request_id))


async def test_one_claim_wins(requests: RequestStore) -> None:
    request = make_request()
    await requests.admit(request, time.time())
    claims = await asyncio.gather(
        *(requests.claim(request.request_id, f"owner{one}", live_only=True) for one in range(8))
    )
    assert sorted(claims) == sorted([Claim.WON] + [Claim.HELD] * 7)


async def test_only_its_owner_renews_and_releases_a_claim(requests: RequestStore, database: Database) -> None:
    request = make_request().request_id
    assert await requests.claim(request, "me", live_only=False) is Claim.WON
    database.pexpire(keys.replying(request), 50)
    assert await requests.claim(request, "me", live_only=False) is Claim.WON
    assert database.pttl(keys.replying(request)) > 5000
    await requests.release(request, "you")
    assert await requests.claim(request, "you", live_only=False) is Claim.HELD
    await requests.release(request, "me")
    assert await requests.claim(request, "you", live_only=False) is Claim.WON


async def test_an_answered_request_cannot_be_claimed(requests: RequestStore) -> None:
    request = make_request()
    await requests.settle(request.request_id, request.user, request.deadline, time.time())
    assert await requests.claim(request.request_id, "me", live_only=False) is Claim.ANSWERED


async def test_a_missing_request_counts_as_answered_for_live_only_claims(requests: RequestStore) -> None:
    request = make_request().request_id
    assert await requests.claim(request, "me", live_only=True) is Claim.ANSWERED
    assert await requests.claim(request, "me", live_only=False) is Claim.WON


async def test_overdue_requests_are_sorted_by_age(requests: RequestStore) -> None:
    now = time.time()
    late, later, live = (make_request(user=user, deadline=now + user) for user in (1, 2, 9))
    for each in (live, later, late):
        await requests.admit(each, now)
    assert await requests.overdue(now + 3) == [late, later]
    assert await requests.live() == [late, later, live]


async def test_replicas_with_a_recent_heartbeat_count(requests: RequestStore, database: Database) -> None:
    now = time.time()
    database.zadd(keys.REPLICAS, {"quiet": now - keys.REPLICA_TIMEOUT_S - 1, "well": now - 1, "new": now})
    assert await requests.replicas(now) == 2


async def answered(requests: RequestStore, number: int, size: int, seconds: float) -> None:
    request = make_request(message_id=number, bytes=size)
    await requests.admit(request, time.time())
    for _ in range(2):
        await requests.settle(request.request_id, request.user, request.deadline, time.time(), {"detect": seconds})


async def test_timings_follow_the_measurements(requests: RequestStore) -> None:
    assert await requests.timings() == Timings()
    sizes, seconds = [100, 300, 200, 400], [1.0, 3.2, 2.1, 3.8]
    for number, (size, took) in enumerate(zip(sizes, seconds, strict=True)):
        await answered(requests, number, size, took)
    learnt = await requests.timings()
    assert learnt.photos == 4
    assert learnt.seconds == pytest.approx(mean(seconds))
    assert learnt.bytes == pytest.approx(mean(sizes))
    assert learnt.variance == pytest.approx(pvariance(sizes))
    assert learnt.covariance == pytest.approx(covariance(sizes, seconds) * 3 / 4)


async def test_old_measurements_fade_out(requests: RequestStore) -> None:
    for number in range(5 * WINDOW_PHOTOS):
        await answered(requests, number, 100, 1.0 if number else 9.0)
    learnt = await requests.timings()
    assert learnt.photos == WINDOW_PHOTOS
    assert learnt.seconds == pytest.approx(1.0, abs=0.1)


async def test_a_failure_changes_no_timings(requests: RequestStore) -> None:
    request = make_request()
    await requests.admit(request, time.time())
    await requests.settle(request.request_id, request.user, request.deadline, time.time())
    assert await requests.timings() == Timings()


async def test_a_chosen_language_is_kept(requests: RequestStore) -> None:
    assert await requests.language("a" * 32) is None
    await requests.set_language("a" * 32, "ru")
    assert await requests.language("a" * 32) == "ru"


async def test_every_method_raises_one_error_while_the_server_is_away(tmp_path: Path) -> None:
    requests = RequestStore.at(f"unix://{tmp_path}/nobody?db=1", LIMITS, CIPHER)
    with pytest.raises(RequestStoreUnavailable):
        await requests.admit(make_request(), time.time())
    with pytest.raises(RequestStoreUnavailable):
        await requests.live()
    await requests.close()


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
    requests = RequestStore.at(f"unix://{server_socket}?db=1", LIMITS, CIPHER)
    for step, user, message_id, size in steps:
        if step == "admit":
            request = make_request(user, message_id, bytes=size)
            try:
                await requests.admit(request, time.time())
            except (QuotaExceeded, Busy):
                assert await requests.find(request.request_id) is None
        else:
            for request in (await requests.live())[message_id : message_id + 1]:
                await requests.settle(request.request_id, request.user, request.deadline, time.time())
        await _check(requests, database)
    await requests.close()


async def _check(requests: RequestStore, database: Database) -> None:
    live = await requests.live()
    assert len(live) == database.zcard(keys.LIVE) <= LIMITS.of_all
    assert sum(request.bytes for request in live) == int(database.get(keys.BYTES) or 0) <= LIMITS.of_bytes
    for user in {request.user for request in live}:
        mine = sum(request.user == user for request in live)
        assert mine == database.zcard(keys.of_user(user)) <= LIMITS.of_user
