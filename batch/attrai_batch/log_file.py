"""The log of a run without servers: lines of JSON in a file beside the logs of its estimators."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrai_shared.logs.formats import JsonLines
from attrai_shared.logs.records import Origin, is_wanted


class LogFile(logging.FileHandler):
    """Appends records to a file. Creates the file and its folder. Raises OSError."""

    def __init__(self, path: Path, origin: Origin) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, encoding="utf-8")
        self._encode = JsonLines(origin)
        self.addFilter(is_wanted)

    def format(self, record: logging.LogRecord) -> str:
        """A line without the line break."""
        return self._encode(record, 0).decode().rstrip("\n")


@contextmanager
def logged_to(path: Path, origin: Origin) -> Iterator[None]:
    """In the block the logs of the process go to the file alone. Raises OSError."""
    root, file = logging.getLogger(), LogFile(path, origin)
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [file]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        file.close()
