"""The process's logs: the root logger gets a handler for the console and, where a target is set, one for Graylog."""

import logging
import os
from contextlib import suppress
from dataclasses import dataclass

from attrai_shared.logs.bounded_queue import BoundedQueue, Line
from attrai_shared.logs.events import event
from attrai_shared.logs.formats import Gelf, JsonLines
from attrai_shared.logs.graylog import GraylogSender, LogTarget
from attrai_shared.logs.handler import STOP_TIMEOUT_S, AsyncLogHandler
from attrai_shared.logs.records import Origin

CONSOLE_QUEUE_RECORDS = 2_000
GRAYLOG_QUEUE_RECORDS = 10_000
"""About 6 MB of ordinary records of 600 bytes. A record is cut to about 12 KB."""
STANDARD_OUTPUT = 1
QUEUE_POLL_S = 5.0

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogPipeline:
    """The handlers that `configure_logs` made. `before`: the root logger's earlier level and other handlers."""

    console: AsyncLogHandler
    graylog: AsyncLogHandler | None
    before: tuple[int, tuple[logging.Handler, ...]]

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Delivers what is queued, with one timeout for each handler, and restores the root logger.

        A second call does nothing.
        """
        root = logging.getLogger()
        if self.console not in root.handlers:
            return
        if self.graylog is not None:
            root.removeHandler(self.graylog)
            if left := self.graylog.stop(timeout_s):
                event(_logger, "log_records_left", level=logging.WARNING, records=left)
        root.removeHandler(self.console)
        self.console.stop(timeout_s)
        root.setLevel(self.before[0])
        root.handlers[:] = self.before[1]


def configure_logs(
    service: str, *, replica: str, version: str, level: str = "INFO", graylog: LogTarget | None = None
) -> LogPipeline:
    """Replaces the root logger's handlers. Each process's entry point calls it, and each forked child calls it again.

    Celery must not set up logging itself: connect this to its `setup_logging` and `worker_process_init` signals, and
    `stop` to `worker_process_shutdown`, because its children end without the interpreter's exit. `level` is one of
    LEVELS; of other libraries only warnings and worse are kept. Raises ValueError for another level, OSError for a CA
    file that cannot be read.
    """
    if level.upper() not in LEVELS:
        raise ValueError(f"a log level is {', '.join(LEVELS)}, not {level}")
    origin = Origin(service, replica, version)
    server = None
    if graylog is not None:
        server = AsyncLogHandler(Gelf(origin), GraylogSender(graylog).deliver, GRAYLOG_QUEUE_RECORDS)
    console = AsyncLogHandler(JsonLines(origin), write_to_console, CONSOLE_QUEUE_RECORDS)
    pipeline = LogPipeline(console, server, _stop_earlier_handlers())
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in (console, server) if handler is not None]
    root.setLevel(level.upper())
    return pipeline


def _stop_earlier_handlers() -> tuple[int, tuple[logging.Handler, ...]]:
    """Stops handlers of an earlier call; the root logger's level and its other handlers."""
    root = logging.getLogger()
    others = []
    for handler in root.handlers:
        if isinstance(handler, AsyncLogHandler):
            handler.stop()
        else:
            others.append(handler)
    return root.level, tuple(others)


def write_to_console(queue: BoundedQueue) -> None:
    """Writes lines to the standard output until the queue has ended. A console that is gone drops them silently."""
    while not queue.ended:
        line = queue.take(QUEUE_POLL_S)
        if line is not None:
            with suppress(OSError):
                _write(line)
        queue.confirm_taken()


def _write(line: Line) -> None:
    """Past Python's own buffers, whose locks a fork could leave held."""
    while line:
        line = line[os.write(STANDARD_OUTPUT, line) :]
