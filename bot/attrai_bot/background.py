"""Work that goes on beside a process's main one for as long as it lives."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from attrai_shared.errors import AttraiError
from attrai_shared.logs import event

from attrai_bot.telegram.bot_api import TELEGRAM_ERRORS

logger = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two touches of the heartbeat file."""
AGAIN = 0.2
"""Seconds after which a task that has not ended is cancelled once more."""
PAUSE = 5.0
"""Seconds before a task that failed is begun again."""


class BackgroundTasks:
    """Runs each until stopped; one that fails is logged and begun again, one that ends is done."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, task: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(_keep(task)))

    async def stop(self) -> None:
        await cancel_all(self._tasks)


async def cancel_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels the tasks, again and again until they have ended.

    Before Python 3.12 `asyncio.wait_for`, in which redis-py waits, may swallow a cancellation (bpo-42130).
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN)


async def touch_heartbeat(heartbeat: Path | None) -> None:
    """The sign that the event loop turns: touches the file every few seconds; ends at once without one."""
    while heartbeat is not None:
        heartbeat.touch()  # noqa: ASYNC240  # one inode of a local disk, and the loop's turn is what it proves
        await asyncio.sleep(BEAT)


async def _keep(task: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await task()
        except (AttraiError, *TELEGRAM_ERRORS) as error:
            event(logger, "chore_hindered", level=logging.WARNING, error=type(error).__name__)
        except Exception:  # noqa: BLE001  # a task must outlive whatever befalls it once
            event(logger, "chore_failed", level=logging.ERROR, exc_info=True)
        await asyncio.sleep(PAUSE)
