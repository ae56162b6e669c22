"""The replier's one event loop, in a thread of its own, for the threads of Celery's pool to hand their work to."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from attrai_bot.background import cancel_all

Result = TypeVar("Result")
JOIN = 1.0
"""Seconds that the thread may take to end."""


class LoopThread:
    """Starts when made. The thread is a daemon, so that it never keeps the process from ending."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[Any]] = set()
        self._stopped = False
        self._ending: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="replies", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of the work, done in the loop while the calling thread waits. Raises CancelledError."""
        return asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop).result()

    def cancel_in(self, seconds: float) -> None:
        """In so many seconds cancels all work that runs, and refuses what comes later. Signal handlers may call it."""
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._cancel)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Does the last work, then ends the loop and its thread."""
        asyncio.run_coroutine_threadsafe(last, self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN)
        if not self._thread.is_alive():
            self._loop.close()

    async def _tracked(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._stopped:
            work.close()
            raise asyncio.CancelledError
        task = asyncio.create_task(work)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)

    def _cancel(self) -> None:
        self._stopped = True
        self._ending = self._loop.create_task(cancel_all(self._running))
