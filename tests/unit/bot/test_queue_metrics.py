import asyncio
import logging
import time
from typing import Any

import pytest
import redis
from attrai_bot.background import cancel_all
from attrai_bot.replier import queue_metrics
from attrai_bot.replier.queue_metrics import measure_queue, watch_queue
from attrai_bot.state import RequestStore
from attrai_shared import keys
from attrai_shared.logs.events import FIELDS

from tests.unit.bot.conftest import make_request


@pytest.fixture(autouse=True)
def _everything_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def measured(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    events = [getattr(record, FIELDS, {}) for record in caplog.records]
    return [{name: value for name, value in one.items() if name != "event"} for one in events if one["event"]]


async def test_an_empty_queue_is_measured_too(requests: RequestStore, caplog: pytest.LogCaptureFixture) -> None:
    await measure_queue(requests, time.time())
    assert measured(caplog) == [{"waiting": 0, "oldest_seconds": 0.0, "replicas": 0}]


async def test_the_oldest_request_is_the_one_accepted_first(
    requests: RequestStore, database: "redis.Redis[str]", caplog: pytest.LogCaptureFixture
) -> None:
    now = time.time()
    for user, age in enumerate((5.0, 40.0, 12.0), 1):
        await requests.admit(make_request(user=user, accepted_at=now - age, deadline=now + 100 + age), now)
    database.zadd(keys.REPLICAS, {"one": now, "two": now, "silent": now - 60})
    await measure_queue(requests, now)
    assert measured(caplog) == [{"waiting": 3, "oldest_seconds": 40.0, "replicas": 2}]


async def test_measuring_repeats(
    requests: RequestStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_metrics, "METRICS_INTERVAL_S", 0.01)
    watching = asyncio.create_task(watch_queue(requests))
    async with asyncio.timeout(30):
        while len(measured(caplog)) < 3:
            await asyncio.sleep(0.01)
    await cancel_all([watching])
