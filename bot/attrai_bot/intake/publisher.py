"""The edge to the broker.

It publishes in daemon threads, so that a broker that hangs blocks neither the event loop nor the exit.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import count

from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import check_connection, declare, publish
from attrai_shared.retry import OutageRetry, RetryPolicy
from celery import Celery

PUBLISH_TIMEOUT_S = 8.0
"""How long the broker may take to confirm one attempt. Waiting for a thread counts."""
PUBLISH_RETRY = RetryPolicy(on=(BrokerUnavailable,), first_pause_s=0.0, longest_pause_s=0.0, max_attempts=3)
"""Each unconfirmed copy may start one of the estimators' three attempts, so there are at most three."""
MAX_THREADS = 8
"""Below the 10 connections of Celery's pool, so that no thread waits for one."""


class Publisher:
    """Publishes with one Celery application. All methods raise BrokerUnavailable."""

    def __init__(self, app: Celery, outage: OutageRetry | None = None) -> None:
        self._app = app
        self._free_threads = asyncio.Semaphore(MAX_THREADS)
        self._outage = outage or OutageRetry(BrokerUnavailable)

    async def publish(self, message: ToEstimate) -> None:
        """Returns once the broker has confirmed.

        After a failure it publishes again as soon as the broker can be reached, over a new connection.
        An unconfirmed publish may be lost or duplicated; the estimator handles both.
        """
        attempts = count(1)

        async def attempt() -> None:
            await self._publish_once(message, new_connection=next(attempts) > 1)

        async def until_reachable(_: float) -> None:
            await self._outage.call(self._reach, request_id=message.request_id, user=message.user)

        await PUBLISH_RETRY.call_async(attempt, sleep=until_reachable)

    async def declare(self) -> None:
        """Creates every exchange and queue."""
        await self._in_time(lambda: declare(self._app))

    async def _publish_once(self, message: ToEstimate, *, new_connection: bool) -> None:
        await self._in_time(lambda: publish(self._app, message, time.time(), once=True, new_connection=new_connection))

    async def _reach(self) -> None:
        await self._in_time(lambda: check_connection(self._app))

    async def _in_time(self, call: Callable[[], None]) -> None:
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._free_threads.acquire()
                await self._in_thread(call)
        except TimeoutError:
            raise BrokerUnavailable("no confirmation in time") from None

    async def _in_thread(self, call: Callable[[], None]) -> None:
        """The thread counts as busy until it ends, also after its caller stopped waiting."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish(error: BaseException | None) -> None:
            self._free_threads.release()
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        threading.Thread(target=_call, args=(call, loop, finish), name="publish", daemon=True).start()
        await done


def _call(
    call: Callable[[], None], loop: asyncio.AbstractEventLoop, finish: Callable[[BaseException | None], None]
) -> None:
    error: BaseException | None = None
    try:
        call()
    except Exception as raised:  # noqa: BLE001  # the caller gets it
        error = raised
    if not loop.is_closed():
        loop.call_soon_threadsafe(finish, error)
