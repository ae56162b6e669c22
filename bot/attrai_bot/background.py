"""Tasks that run beside a process's main work until it stops."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from attrai_shared.errors import AttraiError
from attrai_shared.logs import event
from attrai_shared.retry import RetryPolicy

from attrai_bot.telegram.bot_api import TELEGRAM_ERRORS

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL_S = 5.0
CANCEL_AGAIN_S = 0.2
"""A task that has not ended by then is cancelled again."""
EXPECTED_ERRORS = (AttraiError, *TELEGRAM_ERRORS)


def _log_failure(error: BaseException, _: float) -> None:
    if isinstance(error, EXPECTED_ERRORS):
        event(logger, "chore_hindered", level=logging.WARNING, error=type(error).__name__)
    else:
        event(logger, "chore_failed", level=logging.ERROR, exc_info=error)


RESTART_RETRY = RetryPolicy(on=(Exception,), first_pause_s=5.0, longest_pause_s=5.0, on_retry=_log_failure)
"""No error, not even a bug, ends a background task."""


class BackgroundTasks:
    """Runs tasks until stopped. One that fails is logged and restarted; one that returns is done."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, task: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(RESTART_RETRY.call_async(task)))

    async def stop(self) -> None:
        await cancel_all(self._tasks)


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels the tasks, repeatedly, until they have ended.

    Before Python 3.12 `asyncio.wait_for`, in which redis-py waits, may swallow a cancellation (bpo-42130).
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


async def touch_heartbeat(heartbeat: Path | None) -> None:
    """Shows that the event loop runs: touches the file every few seconds. Returns at once without a file."""
    while heartbeat is not None:
        heartbeat.touch()  # noqa: ASYNC240  # one inode of a local disk
        await asyncio.sleep(HEARTBEAT_INTERVAL_S)
