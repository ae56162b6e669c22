"""The edge to the broker: waits out a restart; publishes in daemon threads, so that a broker that hangs holds up neither loop nor exit."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.logs import event
from attrai_shared.queues import declare, publish
from celery import Celery

logger = logging.getLogger(__name__)

WITHIN = 8.0
"""Seconds that the broker may take to confirm one attempt, waiting for a thread included."""
PATIENCE = 60.0
"""Seconds for which a broker that is away is waited for: a RabbitMQ that starts anew takes 10 to 40."""
APART = 120.0
"""Seconds between two failures, nothing having been taken between, that make them two outages: more than from one attempt to the next."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between attempts, doubling."""
AT_ONCE = 8
"""Publishing threads; fewer than Celery's pool of 10 connections, so that none waits for one."""


@dataclass
class Outage:
    """The patience belongs to the outage and not to each message: in a long one, all but the first are given up at once."""

    _began: float = float("-inf")
    _last: float = float("-inf")

    def left(self, now: float) -> float:
        """Notes a failure at `now`, in seconds of any clock, and returns the seconds left to go on trying; below 0 when they are over."""
        if now - self._last > APART:
            self._began = now
        self._last = now
        return self._began + PATIENCE - now

    def end(self) -> None:
        """Notes that the broker took a message."""
        self._began = self._last = float("-inf")


class Publisher:
    """Publishes with one Celery application. All methods raise BrokerUnavailable."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._room = asyncio.Semaphore(AT_ONCE)
        self._outage = Outage()

    async def publish(self, message: ToEstimate) -> None:
        """Returns once the broker has confirmed; tries again meanwhile, for as long as the outage's patience lasts.

        What the broker takes without our hearing of it comes to nothing, or a second time: both are the estimator's to settle.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                await self._within(lambda: publish(self._app, message, time.time()))
            except BrokerUnavailable:
                if self._outage.left(time.monotonic()) <= 0:
                    raise
            else:
                self._outage.end()
                return
            if pause == FIRST_PAUSE:
                event(
                    logger, "broker_waited_for", level=logging.WARNING, request_id=message.request_id, user=message.user
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

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
