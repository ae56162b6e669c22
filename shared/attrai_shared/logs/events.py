"""Events: a name and typed fields, checked so that nothing personal gets into a log."""

import logging
import math
import re
from collections.abc import Iterator, Mapping

Scalar = str | int | float | bool
Value = Scalar | None | Mapping[str, Scalar | None]

FIELDS = "attrai_fields"
"""The attribute of a log record that holds an event's checked, flat fields."""
MAX_TEXT_LENGTH = 1_000
"""Longer text fields are cut."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_DIGITS = re.compile(r"[0-9a-f]{32}")

_HASHED = frozenset({"request_id", "user"})
PERSONAL = frozenset(
    """
    address args body bot_token caption chat chat_id document email embedding file_id file_name file_path file_unique_id
    filename first_name from_id from_user full_name id ip kwargs last_name location name password path payload phone
    phone_number photo picture secret text title token update user_id username
    """.split()  # noqa: SIM905 - words read better than forty quoted lines
)
"""Field names that could carry a user's data or a secret. GELF also forbids `id`."""
RESERVED = frozenset(
    """
    event facility full_message host level logger pid replica sequence service short_message source time
    timestamp traceback version asctime message taskName
    """.split()  # noqa: SIM905 - as above
) | frozenset(vars(logging.makeLogRecord({})))
"""Names that every record already has: here, in GELF or in Python's logging."""


def event(
    logger: logging.Logger,
    name: str,
    /,
    *,
    level: int = logging.INFO,
    exc_info: BaseException | bool = False,
    **fields: Value,
) -> None:
    """Logs one structured event.

    A mapping is flattened: `seconds={"detect": 0.2}` becomes `seconds_detect`. None and numbers that are not finite
    leave a field out. `request_id` and `user` are 32 hexadecimal digits (a random id, a keyed hash). Raises ValueError
    for a name or type that a log must not carry.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"an event is named in lower case with underscores, not {name!r}")
    flat = {name: kept for name, value in _flat(fields) if (kept := _checked(name, value)) is not None}
    if logger.isEnabledFor(level):
        logger.log(level, name, exc_info=exc_info, extra={FIELDS: {"event": name, **flat}})


def _flat(fields: Mapping[str, Value]) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if not isinstance(value, Mapping):
            yield name, value
            continue
        for key, inner in value.items():
            _check_personal(key)
            yield f"{name}_{key}", inner


def _checked(name: str, value: object) -> Scalar | None:
    _check_name(name)
    if not isinstance(value, str | int | float | None):
        kind = type(value).__name__
        raise ValueError(f"{name}: a field is text, a number, true, false or a mapping of these, not {kind}")  # noqa: TRY004 - one type for callers
    if name in _HASHED and not (value is None or _DIGITS.fullmatch(str(value))):
        raise ValueError(f"{name} is 32 hexadecimal digits")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else value


def _check_name(name: str) -> None:
    _check_personal(name)
    if name in RESERVED:
        raise ValueError(f"{name}: every record has a field of this name already")
    if not _NAME.fullmatch(name):
        raise ValueError(f"a field is named in lower case with underscores, not {name!r}")


def _check_personal(name: str) -> None:
    if name in PERSONAL:
        raise ValueError(f"{name}: no log carries this")
