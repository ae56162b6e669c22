import logging
from datetime import UTC, datetime

import pytest
from attrai_shared.logs import event
from attrai_shared.logs.formats import JsonLines
from attrai_shared.logs.records import Origin
from drills.soak import estimate_seconds


def test_the_duration_of_each_photo_is_read_from_an_estimators_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logger = logging.getLogger("attrai_estimator.worker.request")
    event(logger, "estimator_ready")
    event(logger, "photo_estimated", faces=1, seconds={"decode": 0.25, "detect": 0.5}, queue_seconds=9.0)
    event(logger, "photo_failed", faces=0, seconds={"decode": 4.0})
    event(logger, "photo_estimated", faces=2, seconds={"decode": 1.0, "detect": 1.0}, queue_seconds=9.0)
    for second, record in enumerate(caplog.records):
        record.created = second
    encode = JsonLines(Origin("estimator", "estimator.1", "1.0"))
    lines = b"".join(encode(record, number) for number, record in enumerate(caplog.records)).decode()
    first, last = (datetime.fromtimestamp(second, UTC) for second in (0, 3))
    assert estimate_seconds(lines, first) == [0.75, 2.0]
    assert estimate_seconds(lines, last) == [2.0]
