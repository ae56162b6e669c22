"""A log record as one line of JSON, for the console."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from attrai_shared.logs.records import Origin, fields_of, message_of, traceback_of


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Encodes records of one origin; the number that the queue gave to a record is not shown."""

    origin: Origin

    def __call__(self, record: logging.LogRecord, number: int) -> bytes:
        """ASCII with a line break at the end and none within."""
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
