"""The replier's one event loop, in its own thread. The threads of Celery's pool hand their work to it."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from attrai_bot.background import cancel_all

Result = TypeVar("Result")
JOIN_TIMEOUT_S = 1.0


class LoopThread:
    """Starts when made. The thread is a daemon, so that it never keeps the process from exiting."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[Any]] = set()
        self._is_stopped = False
        self._cancelling: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="replies", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of the work, which runs in the loop while the calling thread waits. Raises CancelledError."""
        return asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop).result()

    def cancel_in(self, seconds: float) -> None:
        """After `seconds`, cancels all running work and refuses later work. Signal handlers may call it."""
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._cancel)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Runs the last work, then ends the loop and its thread."""
        asyncio.run_coroutine_threadsafe(last, self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_TIMEOUT_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _tracked(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._is_stopped:
            work.close()
            raise asyncio.CancelledError
        task = asyncio.create_task(work)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)

    def _cancel(self) -> None:
        self._is_stopped = True
        self._cancelling = self._loop.create_task(cancel_all(self._running))
