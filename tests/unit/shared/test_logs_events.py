"""Which fields an event may have."""

import logging
import math
from typing import cast

import pytest
from attrai_shared.logs import event
from attrai_shared.logs.events import FIELDS, PERSONAL, Value

LOGGER = logging.getLogger("attrai_test")
REQUEST = "0123456789abcdef" * 2


def _fields(caplog: pytest.LogCaptureFixture) -> dict[str, object]:
    return cast(dict[str, object], getattr(caplog.records[-1], FIELDS))


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_a_mapping_is_flattened_and_none_left_out(caplog: pytest.LogCaptureFixture) -> None:
    event(LOGGER, "photo_estimated", request_id=REQUEST, seconds={"detect": 0.2, "score": 1}, code=None, ok=True)
    assert _fields(caplog) == {
        "event": "photo_estimated",
        "request_id": REQUEST,
        "seconds_detect": 0.2,
        "seconds_score": 1,
        "ok": True,
    }
    assert caplog.records[-1].getMessage() == "photo_estimated"


def test_numbers_that_json_lacks_are_left_out_and_text_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    event(LOGGER, "measured", mean=math.nan, most=math.inf, reason="x" * 2_000)
    assert _fields(caplog) == {"event": "measured", "reason": "x" * 1_000}


def test_the_level_is_a_parameter(caplog: pytest.LogCaptureFixture) -> None:
    event(LOGGER, "store_unavailable", level=logging.WARNING)
    event(LOGGER, "unheard", level=logging.DEBUG)
    assert [(record.levelname, record.msg) for record in caplog.records] == [("WARNING", "store_unavailable")]


@pytest.mark.parametrize("name", [*sorted(PERSONAL), "message", "msg", "version", "sequence", "Faces", "", "a-b"])
def test_forbidden_field_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"no log carries|already|lower case"):
        event(LOGGER, "photo_taken", **{name: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"user": 123456789},
        {"user": "Ann"},
        {"request_id": "../etc"},
        {"meta": {"chat_id": 5}},
        {"seconds": {"a": {"b": 1}}},
        {"faces": [1, 2]},
        {"data": b"bytes"},
    ],
)
def test_forbidden_field_values_are_refused(fields: dict[str, Value]) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|no log carries|a field is text"):
        event(LOGGER, "photo_taken", **fields)  # type: ignore[arg-type]


def test_event_names_are_checked_below_the_log_level_too() -> None:
    with pytest.raises(ValueError, match="lower case"):
        event(LOGGER, "photo taken", level=logging.DEBUG)
    with pytest.raises(ValueError, match="no log carries"):
        event(LOGGER, "photo_taken", level=logging.DEBUG, chat_id=1)
