"""A log record as bytes: a line of JSON for the console, a GELF document for Graylog."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from graypy import GELFTCPHandler

from attrai_shared.logs.events import Scalar
from attrai_shared.logs.records import Origin, fields_of, message_of, traceback_of


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Encodes records of one origin. The number that the queue gave to a record is not shown."""

    origin: Origin

    def __call__(self, record: logging.LogRecord, number: int) -> bytes:
        """One line of ASCII with its line break."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **fields_of(record, self.origin),
        }
        if (frames := traceback_of(record)) is not None:
            line["traceback"] = frames
        return json.dumps(line).encode() + b"\n"


class Gelf:
    """GELF over TCP: a JSON document and a null byte.

    See https://go2docs.graylog.org/current/getting_in_log_data/gelf.html.

    graypy encodes a cleaned copy of the record. From the record itself it would send every attribute that a library
    adds (Celery: task arguments) and exceptions with their texts.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._encoder = GELFTCPHandler("", debugging_fields=False, localname=origin.replica)  # it never connects

    def __call__(self, record: logging.LogRecord, number: int) -> bytes:
        """`number`, counted from 0 in this process, becomes the field `sequence`, which identifies a second copy."""
        line: bytes = self._encoder.makePickle(self._cleaned(record, number))
        return line

    def _cleaned(self, record: logging.LogRecord, number: int) -> logging.LogRecord:
        fields = {name: _gelf_value(value) for name, value in fields_of(record, self._origin).items()}
        cleaned = logging.makeLogRecord({**fields, "sequence": number})
        for name in ("stack_info", "taskName"):
            vars(cleaned).pop(name, None)
        cleaned.name, cleaned.levelno, cleaned.created = record.name, record.levelno, record.created
        cleaned.msg, cleaned.exc_text = message_of(record), traceback_of(record)
        return cleaned


def _gelf_value(value: Scalar) -> str | int | float:
    return str(value).lower() if isinstance(value, bool) else value
