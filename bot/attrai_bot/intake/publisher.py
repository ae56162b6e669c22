"""The edge to the broker: waits out a restart; publishes in daemon threads, so that a broker that hangs holds up neither loop nor exit."""

import asyncio
import threading
import time
from collections.abc import Callable

from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import declare, publish, reach
from attrai_shared.retry import OutageRetry
from celery import Celery

WITHIN = 8.0
"""Seconds that the broker may take to confirm one attempt, waiting for a thread included."""
COPIES = 3
"""Of one message, at most, where the broker takes them and does not say so: each begun is one of the estimators' three attempts."""
AT_ONCE = 8
"""Publishing threads; fewer than Celery's pool of 10 connections, so that none waits for one."""


class Publisher:
    """Publishes with one Celery application. All methods raise BrokerUnavailable."""

    def __init__(self, app: Celery, outage: OutageRetry | None = None) -> None:
        self._app = app
        self._room = asyncio.Semaphore(AT_ONCE)
        self._outage = outage or OutageRetry(BrokerUnavailable)

    async def publish(self, message: ToEstimate) -> None:
        """Returns once the broker has confirmed. After a failure it goes again as soon as the broker can be reached, `COPIES` times in all.

        What the broker takes without our hearing of it comes to nothing, or a second time: both are the estimator's to settle.
        """
        for left in reversed(range(COPIES)):
            try:
                await self._within(lambda: publish(self._app, message, time.time(), once=True))
            except BrokerUnavailable:
                if not left:
                    raise
            else:
                return
            await self._outage.call(self._reach, request_id=message.request_id, user=message.user)

    async def _reach(self) -> None:
        await self._within(lambda: reach(self._app))

    async def declare(self) -> None:
        """Creates every exchange and queue."""
        await self._within(lambda: declare(self._app))

    async def _within(self, call: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                await self._room.acquire()
                await self._in_thread(call)
        except TimeoutError:
            raise BrokerUnavailable("no confirmation in time") from None

    async def _in_thread(self, call: Callable[[], None]) -> None:
        """The room is given back when the thread ends, not when we stop waiting for it."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: BaseException | None) -> None:
            self._room.release()
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        threading.Thread(target=_call, args=(call, loop, settle), name="publish", daemon=True).start()
        await done


def _call(
    call: Callable[[], None], loop: asyncio.AbstractEventLoop, settle: Callable[[BaseException | None], None]
) -> None:
    error: BaseException | None = None
    try:
        call()
    except Exception as raised:  # noqa: BLE001  # handed to whoever waits
        error = raised
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle, error)
