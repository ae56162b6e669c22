"""The process's logs: the root logger's handlers are two outlets, the console and, where one is named, Graylog."""

import logging
from dataclasses import dataclass

from attrai_shared.logs.console import write_lines
from attrai_shared.logs.events import event
from attrai_shared.logs.gelf import Gelf
from attrai_shared.logs.graylog import Graylog
from attrai_shared.logs.handler import STOP_SECONDS, AsyncLogHandler
from attrai_shared.logs.json_lines import JsonLines
from attrai_shared.logs.records import Origin
from attrai_shared.logs.target import LogTarget

CONSOLE_RECORDS = 2_000
GRAYLOG_RECORDS = 10_000
"""About 6 MB of ordinary records of 600 bytes; a record is cut to at most some 12 KB."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogPipeline:
    """What configure_logs made; `before` is the root logger's level and handlers of other kinds until then."""

    console: AsyncLogHandler
    graylog: AsyncLogHandler | None
    before: tuple[int, tuple[logging.Handler, ...]]

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Delivers what is queued, at most so many seconds for each outlet, and gives the root logger back. Once."""
        root = logging.getLogger()
        if self.console not in root.handlers:
            return
        if self.graylog is not None:
            root.removeHandler(self.graylog)
            if left := self.graylog.stop(seconds):
                event(_logger, "log_records_left", level=logging.WARNING, records=left)
        root.removeHandler(self.console)
        self.console.stop(seconds)
        root.setLevel(self.before[0])
        root.handlers[:] = self.before[1]


def configure_logs(
    service: str, *, replica: str, version: str, level: str = "INFO", graylog: LogTarget | None = None
) -> LogPipeline:
    """Replaces the root logger's handlers: for each process's entry point, and once more for a forked child.

    Celery must not set up logging of its own: connect this to its `setup_logging` signal, again to
    `worker_process_init`, and `stop` to `worker_process_shutdown`, for its children end without the interpreter's exit.
    `level` is one of LEVELS; of other libraries only warnings and worse are kept. Raises ValueError for another level,
    OSError for a CA file that cannot be read.
    """
    if level.upper() not in LEVELS:
        raise ValueError(f"a log level is {', '.join(LEVELS)}, not {level}")
    origin = Origin(service, replica, version)
    server = None if graylog is None else AsyncLogHandler(Gelf(origin), Graylog(graylog).deliver, GRAYLOG_RECORDS)
    pipeline = LogPipeline(AsyncLogHandler(JsonLines(origin), write_lines, CONSOLE_RECORDS), server, _handed_over())
    root = logging.getLogger()
    root.handlers[:] = [outlet for outlet in (pipeline.console, pipeline.graylog) if outlet is not None]
    root.setLevel(level.upper())
    return pipeline


def _handed_over() -> tuple[int, tuple[logging.Handler, ...]]:
    root = logging.getLogger()
    others = []
    for handler in root.handlers:
        if isinstance(handler, AsyncLogHandler):
            handler.stop()
        else:
            others.append(handler)
    return root.level, tuple(others)
