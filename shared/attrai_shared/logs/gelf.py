"""A log record as GELF for TCP: one JSON document and a null byte (https://go2docs.graylog.org/current/getting_in_log_data/gelf.html)."""

import logging

from graypy import GELFTCPHandler

from attrai_shared.logs.events import Scalar
from attrai_shared.logs.records import Origin, fields_of, message_of, traceback_of


class Gelf:
    """Encodes records of one origin with graypy, which is given a record that holds nothing but what may go out.

    By itself graypy sends every attribute that a library hangs on a record (Celery: task arguments), and exceptions
    with their texts.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._encoder = GELFTCPHandler("", debugging_fields=False, localname=origin.replica)  # it never connects

    def __call__(self, record: logging.LogRecord, number: int) -> bytes:
        """`number`, counted from 0 by this process, becomes the field `sequence`, by which a second copy is known."""
        line: bytes = self._encoder.makePickle(self._cleaned(record, number))
        return line

    def _cleaned(self, record: logging.LogRecord, number: int) -> logging.LogRecord:
        fields = {name: _gelf(value) for name, value in fields_of(record, self._origin).items()}
        cleaned = logging.makeLogRecord({**fields, "sequence": number})
        for name in ("stack_info", "taskName"):
            vars(cleaned).pop(name, None)
        cleaned.name, cleaned.levelno, cleaned.created = record.name, record.levelno, record.created
        cleaned.msg, cleaned.exc_text = message_of(record), traceback_of(record)
        return cleaned


def _gelf(value: Scalar) -> str | int | float:
    return str(value).lower() if isinstance(value, bool) else value
