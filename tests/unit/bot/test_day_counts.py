"""The counts of a day. Each photo and each estimate counts once, however often it is delivered."""

import asyncio
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import attrai_bot
import pytest
import redis
from attrai_bot.delivery.pending_reply import Delivery, PendingReply
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.state import RequestStore
from attrai_bot.state.day_counts import (
    ALL_STEPS,
    BUCKET_ENDS_S,
    DAYS_SHOWN,
    STEPS,
    at_most,
    date_of,
    fields_of,
    last_dates,
)
from attrai_shared import keys
from attrai_shared.errors import Busy, NoFace
from attrai_shared.photo_store import new_request_id

from tests.unit.bot.conftest import LIMITS, make_request
from tests.unit.bot.telegram_double import FakeTelegram

Database = redis.Redis
SECONDS = dict.fromkeys(STEPS, 0.05)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


def test_the_steps_match_the_pipeline() -> None:
    pipeline = Path(attrai_bot.__file__).parents[2] / "estimator/attrai_estimator/pipeline.py"
    assert set(STEPS) == set(re.findall(r'clock\("(\w+)"\)', pipeline.read_text()))


def test_the_last_days_end_with_today_across_months() -> None:
    dates = last_dates(NOON)
    assert (len(dates), dates[-3:]) == (DAYS_SHOWN, ["2026-02-27", "2026-02-28", "2026-03-01"])


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (BUCKET_ENDS_S[0], 0), (BUCKET_ENDS_S[0] * 1.01, 1), (BUCKET_ENDS_S[-1], 14), (99.0, 15)],
)
def test_a_time_counts_in_the_smallest_bucket_that_fits(seconds: float, bucket: int) -> None:
    assert fields_of({"detect": seconds}) == [f"detect:{bucket}", f"{ALL_STEPS}:{bucket}"]


def test_unknown_steps_get_no_counter() -> None:
    assert fields_of({"made_up": 1.0}) == []


def test_a_quantile_is_the_end_of_its_bucket() -> None:
    counts = (0, 5, 4, 0, 1, *[0] * (len(BUCKET_ENDS_S) - 4))
    assert [at_most(counts, share) for share in (0.5, 0.9, 0.91)] == [
        BUCKET_ENDS_S[1],
        BUCKET_ENDS_S[2],
        BUCKET_ENDS_S[4],
    ]
    assert at_most((0,) * (len(BUCKET_ENDS_S) + 1), 0.5) is None
    assert at_most((*[0] * len(BUCKET_ENDS_S), 1), 0.5) is None


async def test_a_repeated_update_counts_once_and_a_refused_photo_never(requests: RequestStore) -> None:
    now = time.time()
    for message_id in (1, 1, 2):
        await requests.admit(make_request(user=1, message_id=message_id), now)
    for user in range(2, LIMITS.of_all):
        await requests.admit(make_request(user=user), now)
    with pytest.raises(Busy):
        await requests.admit(make_request(user=99), now)
    today = (await requests.days(now))[-1]
    assert (today.date, today.photos) == (date_of(now), LIMITS.of_all)
    assert abs(today.users - (LIMITS.of_all - 1)) <= 1, "two users fall into one register of 16,384 now and then"


async def test_each_day_has_its_counts(requests: RequestStore) -> None:
    for day, users in ((0, (1, 2)), (1, (2,))):
        for user in users:
            now = NOON + day * DAY
            await requests.admit(make_request(user=user, message_id=day, deadline=now + 60), now)
    *_, first, second = await requests.days(NOON + DAY)
    assert [(day.photos, day.users) for day in (first, second)] == [(2, 2), (1, 1)]


async def test_an_estimate_delivered_repeatedly_counts_once(
    requests: RequestStore, reply_service: ReplyService, telegram: FakeTelegram
) -> None:
    request = make_request(waiting_message_id=telegram.standing())
    await requests.admit(request, time.time())
    pending = PendingReply(request.request_id, request.user, request.address, request.deadline, SECONDS)
    delivered = [await reply_service.deliver(pending, NoFace.code, 30.0) for _ in range(3)]
    assert delivered == [Delivery.SENT, Delivery.ANSWERED, Delivery.ANSWERED]
    seconds = (await requests.days(time.time()))[-1].seconds
    assert {step: sum(counts) for step, counts in seconds.items()} == dict.fromkeys((*STEPS, ALL_STEPS), 1)


async def test_a_settlement_repeated_after_a_lost_answer_counts_once(requests: RequestStore) -> None:
    now, request_id = time.time(), new_request_id()
    await asyncio.gather(*(requests.settle(request_id, "f" * 32, now + 60, now, SECONDS) for _ in range(5)))
    assert sum((await requests.days(now))[-1].seconds[ALL_STEPS]) == 1


async def test_counts_identify_nobody_and_expire(requests: RequestStore, database: Database) -> None:
    now = time.time()
    request = make_request(user=7)
    await requests.admit(request, now)
    await requests.settle(request.request_id, request.user, request.deadline, now, SECONDS)
    counters, users, salt = keys.day(date_of(now)), keys.day_users(date_of(now)), keys.day_salt(date_of(now))
    kept = " ".join([*database.hgetall(counters), *database.hgetall(counters).values(), database.get(salt) or ""])
    assert request.user not in kept
    assert request.user.encode() not in database.dump(users)
    left = now // DAY * DAY + DAY - now
    assert (left - 5) * 1000 < database.pttl(salt) < (left + 120) * 1000
    for key in (counters, users):
        assert DAYS_SHOWN * DAY * 1000 < database.pttl(key) <= (DAYS_SHOWN + 1) * DAY * 1000


async def test_without_its_salt_the_users_of_a_day_cannot_be_tested(requests: RequestStore, database: Database) -> None:
    now = time.time()
    await requests.admit(make_request(user=7), now)
    database.delete(keys.day_salt(date_of(now)))
    await requests.admit(make_request(user=7, message_id=8), now)
    assert (await requests.days(now))[-1].users == 2, "the same user under another salt is somebody else"
