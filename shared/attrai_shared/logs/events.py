"""Business events: a name and typed fields, checked so that neither GELF's forbidden names nor personal data get into a log."""

import logging
import math
import re
from collections.abc import Iterator, Mapping

Scalar = str | int | float | bool
Value = Scalar | None | Mapping[str, Scalar | None]

FIELDS = "attrai_fields"
"""The attribute of a log record that holds an event's checked, flat fields."""
TEXT_LENGTH = 1_000
"""Characters of a text field that are kept."""

_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_HASHED = re.compile(r"[0-9a-f]{32}")

PERSONAL = frozenset(
    "args address body bot_token caption chat chat_id document email embedding file_id file_name file_path file_unique_id filename first_name "
    "from_id from_user full_name id ip kwargs last_name location name password path payload phone phone_number photo picture secret text title "
    "token update user_id username".split()
)
"""Field names that would carry a user's data or a secret; `id` is also forbidden by GELF."""
RESERVED = frozenset(
    "asctime error event facility full_message host level logger message pid replica sequence service short_message source taskName time "
    "timestamp traceback version".split()
) | frozenset(vars(logging.makeLogRecord({})))
"""Names that the log itself gives to every record, here, in Python's logging or in GELF."""


def event(
    logger: logging.Logger,
    name: str,
    /,
    *,
    level: int = logging.INFO,
    exc_info: BaseException | bool = False,
    **fields: Value,
) -> None:
    """Logs one structured event. A mapping is flattened: `seconds={"detect": 0.2}` becomes `seconds_detect`; None leaves a field out.

    `request_id` and `user` are 32 hexadecimal digits (a random id, a keyed hash). Raises ValueError for a name or a type that a log must not
    carry; a number that is not finite is left out, for JSON has none.
    """
    if not _EVENT_NAME.fullmatch(name):
        raise ValueError(f"an event is named in lower case with underscores, not {name!r}")
    flat = dict(_flat(fields))
    if logger.isEnabledFor(level):
        logger.log(level, name, exc_info=exc_info, extra={FIELDS: {"event": name, **flat}}, stacklevel=2)


def _flat(fields: Mapping[str, Value]) -> Iterator[tuple[str, Scalar]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            _check_name(name)
            yield from _flat({f"{name}_{key}": inner for key, inner in value.items()})
        elif (kept := _checked(name, value)) is not None:
            yield name, kept


def _checked(name: str, value: Scalar | None) -> Scalar | None:
    _check_name(name)
    if not isinstance(value, str | int | float | None):
        raise ValueError(
            f"{name}: a field is text, a number, true, false or a mapping of these, not {type(value).__name__}"
        )
    if (
        name in {"request_id", "user"}
        and value is not None
        and not (isinstance(value, str) and _HASHED.fullmatch(value))
    ):
        raise ValueError(f"{name} is 32 hexadecimal digits")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:TEXT_LENGTH] if isinstance(value, str) else value


def _check_name(name: str) -> None:
    if name in PERSONAL:
        raise ValueError(f"{name}: no log carries this")
    if name in RESERVED:
        raise ValueError(f"{name}: every record has a field of this name already")
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"a field is named in lower case with underscores, not {name!r}")
