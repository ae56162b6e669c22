"""The parts of a record that are sent, as JSON and as GELF."""

import asyncio
import json
import logging
from typing import Any

import pytest
from attrai_shared.errors import RefusedMessage
from attrai_shared.logs.events import FIELDS
from attrai_shared.logs.formats import Gelf, JsonLines
from attrai_shared.logs.records import Origin, is_wanted

ORIGIN = Origin("estimator", "replica-1", "0.1.0")
CANARY = "4815162342"


def _record(name: str, message: object, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.ERROR, "/code.py", 1, message, arguments, exc_info)


def _json(record: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines(ORIGIN)(record, 7)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return dict(json.loads(line))


def _gelf(record: logging.LogRecord) -> dict[str, Any]:
    line = Gelf(ORIGIN)(record, 7)
    assert line.endswith(b"\0")
    assert line.count(b"\0") == 1
    return dict(json.loads(line[:-1]))


def _raised(error: Exception, cause: Exception | None = None) -> Exception:
    local_value = f"a local {CANARY}"
    with pytest.raises(type(error)):
        raise error from cause
    assert local_value
    return error


def test_json_and_gelf_have_the_same_fields() -> None:
    record = _record("attrai_estimator.worker.task", "photo_estimated")
    setattr(record, FIELDS, {"event": "photo_estimated", "faces": 3, "seconds_detect": 0.25, "ok": False})
    own = {"service": "estimator", "replica": "replica-1", "version": "0.1.0", "pid": record.process}
    fields = {**own, "event": "photo_estimated", "faces": 3, "seconds_detect": 0.25}
    assert _json(record) == {
        "time": _json(record)["time"],
        "level": "ERROR",
        "logger": "attrai_estimator.worker.task",
        "message": "photo_estimated",
        "ok": False,
        **fields,
    }
    assert _gelf(record) == {
        "version": "1.0",
        "host": "replica-1",
        "short_message": "photo_estimated",
        "timestamp": record.created,
        "level": 3,
        "facility": "attrai_estimator.worker.task",
        "_sequence": 7,
        "_ok": "false",
        **{f"_{name}": value for name, value in fields.items()},
    }


def test_the_time_is_utc() -> None:
    record = _record("attrai_bot", "x")
    record.created = 1_700_000_000.25
    assert _json(record)["time"] == "2023-11-14T22:13:20.250+00:00"


@pytest.mark.parametrize("name", ["celery.worker.consumer.consumer", "kombu.messaging", "aiogram.dispatcher", "root"])
def test_arguments_and_attributes_of_other_libraries_are_removed(name: str) -> None:
    record = _record(name, "Received %s: %(odd)d%% of %5.2f\n\nbody: %r\n", CANARY, {"user": CANARY}, CANARY)
    record.__dict__["data"] = {"args": f"({CANARY},)"}
    for out in (_json(record), _gelf(record)):
        assert CANARY not in json.dumps(out)
        assert "Received ...: ...% of ..." in out.values()


def test_named_arguments_of_libraries_are_withheld_and_exceptions_named() -> None:
    context = {"name": CANARY, "exc": KeyError(CANARY)}
    record = _record("celery.app.trace", "Task %(name)s: %(exc)r", context)
    assert _json(record)["message"] == "Task ...: KeyError"
    assert _json(_record("celery", ValueError(CANARY)))["message"] == "ValueError"
    assert _json(_record("celery", ""))["message"] == ""


def test_own_messages_are_complete_but_other_exceptions_in_them_are_only_named() -> None:
    assert _json(_record("attrai_bot.intake", "%s of %d: %s", "one", 2, OSError(2, CANARY)))["message"] == (
        "one of 2: FileNotFoundError: ENOENT"
    )
    assert _json(_record("attrai_bot", "%s: %s", "sent", RefusedMessage("ToEstimate: user: missing")))["message"] == (
        "sent: attrai_shared.errors.RefusedMessage: ToEstimate: user: missing"
    )
    assert _json(_record("attrai_bot", "%d", "one"))["message"] == "%d (its arguments do not fit)"


def test_a_traceback_has_frames_and_names_but_no_values_and_no_texts() -> None:
    error = _raised(ValueError(f"cannot parse {CANARY}"), _raised(RefusedMessage("ToEstimate: user: missing")))
    record = _record("attrai_bot", "it failed", error=error)
    frames = _json(record)["traceback"]
    assert _gelf(record)["full_message"] == frames
    assert _gelf(record)["_error"] == "ValueError"
    assert "in _raised" in frames
    assert "raise error from cause" in frames
    assert frames.endswith("RefusedMessage: ToEstimate: user: missing")
    assert frames.count("caused by:") == 1
    assert CANARY not in json.dumps(_json(record)) + json.dumps(_gelf(record))


def test_a_cycle_of_causes_ends() -> None:
    error = ValueError()
    error.__cause__ = KeyError()
    error.__cause__.__cause__ = error
    assert _json(_record("attrai_bot", "x", error=error))["traceback"].count("caused by:") == 4


def test_long_texts_are_cut_so_that_a_record_stays_small() -> None:
    record = _record("attrai_bot", "x" * 100_000, error=_raised(RefusedMessage("y" * 100_000)))
    assert len(Gelf(ORIGIN)(record, 0)) < 16_000


@pytest.mark.logs_errors
async def test_asyncios_message_about_a_lost_exception_only_names_it(caplog: pytest.LogCaptureFixture) -> None:
    """Its message contains the future's repr, which has the exception's text."""

    async def fail() -> None:
        raise ValueError(CANARY)

    asyncio.get_running_loop().set_exception_handler(None)
    asyncio.get_running_loop().create_task(fail())
    for _ in range(3):
        await asyncio.sleep(0)
    (record,) = [record for record in caplog.records if record.name == "asyncio"]
    assert CANARY in record.getMessage()
    assert CANARY not in json.dumps(_json(record))
    assert _json(record)["message"] == "Task exception was never retrieved"


def test_other_libraries_are_logged_from_warnings_on() -> None:
    quiet = logging.LogRecord("celery.worker.strategy", logging.INFO, "", 1, "Task %s received", ("x",), None)
    assert not is_wanted(quiet)
    assert is_wanted(_record("celery.worker.strategy", "x"))
    assert is_wanted(logging.LogRecord("attrai_bot.intake", logging.DEBUG, "", 1, "x", (), None))
