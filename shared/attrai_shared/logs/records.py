"""The parts of a log record that are sent: message, flat fields, traceback.

Other libraries' arguments and texts are removed.
"""

import errno
import logging
import re
import ssl
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from attrai_shared.errors import AttraiError
from attrai_shared.logs.events import FIELDS, Scalar

OWN_PREFIX = "attrai_"
"""Of this project's loggers."""
WITHHELD = "..."
MAX_LOG_MESSAGE_LENGTH = 2_000
MAX_TRACEBACK_LENGTH = 8_000
"""Characters that are kept, counted from the end."""
MAX_FRAMES = 30
MAX_CAUSES = 5

_CONVERSION = re.compile(r"%(?:\((?P<key>[^)]*)\))?[-#0 +]*\d*(?:\.\d+)?(?P<kind>[diouxXeEfFgGcrsa%])")


@dataclass(frozen=True, slots=True)
class Origin:
    """The service that logs, its replica's name and the version of the code."""

    service: str
    replica: str
    version: str


def is_wanted(record: logging.LogRecord) -> bool:
    """All own records, and warnings of other libraries. Their other records say nothing without their arguments."""
    return record.levelno >= logging.WARNING or record.name.startswith(OWN_PREFIX)


def message_of(record: logging.LogRecord) -> str:
    """An own message in full.

    Of another library's message the first line, with exceptions named and other arguments withheld.

    Celery logs message bodies and task arguments, asyncio reprs of futures, aiogram texts of Telegram's errors.
    """
    if record.name.startswith(OWN_PREFIX):
        return _own_message(record)[:MAX_LOG_MESSAGE_LENGTH]
    if not isinstance(record.msg, str):
        return _shown(record.msg)
    lines = record.msg.strip().splitlines()
    return _without_arguments(lines[0], record.args)[:MAX_LOG_MESSAGE_LENGTH] if lines else ""


def fields_of(record: logging.LogRecord, origin: Origin) -> dict[str, Scalar]:
    """Flat fields: the origin, the event's fields, the exception's name. Attributes that libraries add are left out."""
    fields: dict[str, Scalar] = {**asdict(origin), "pid": record.process or 0, **getattr(record, FIELDS, {})}
    if (error := _error_of(record)) is not None:
        fields["error"] = described(error)
    return fields


def traceback_of(record: logging.LogRecord) -> str | None:
    """Frames (file, line, source line) and names of the exception and its causes; no local values, no other texts."""
    error = _error_of(record)
    if error is None:
        return None
    return "\ncaused by:\n".join(map(_frames_and_name, _with_causes(error)))[-MAX_TRACEBACK_LENGTH:]


def described(error: BaseException) -> str:
    """The type's name, with an own error's sentence or the system's code. Other texts could quote a URL or a body."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, AttraiError):
        return f"{name}: {error}"[:MAX_LOG_MESSAGE_LENGTH]
    if isinstance(error, ssl.SSLError):  # its errno is not the system's
        return f"{name}: {error.reason}"
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        return f"{name}: {errno.errorcode[error.errno]}"
    return name


def _own_message(record: logging.LogRecord) -> str:
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(described(value) if isinstance(value, BaseException) else value for value in arguments)
    try:
        return str(record.msg) % arguments if arguments else str(record.msg)
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its arguments do not fit)"


def _without_arguments(template: str, arguments: object) -> str:
    if not arguments:
        return template
    values = iter(arguments if isinstance(arguments, tuple) else ())

    def shown(conversion: re.Match[str]) -> str:
        if conversion["kind"] == "%":
            return "%"
        return _shown(arguments.get(conversion["key"]) if isinstance(arguments, Mapping) else next(values, None))

    return _CONVERSION.sub(shown, template)


def _shown(value: object) -> str:
    return described(value) if isinstance(value, BaseException) else WITHHELD


def _error_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _frames_and_name(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__, limit=-MAX_FRAMES)
    return "".join(traceback.format_list(frames)) + described(error)
