"""A server that starts anew is waited out, so that its update or its crash costs nobody a photo."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from attrai_shared.errors import AttraiError
from attrai_shared.logs import event

logger = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for which a server that is away is waited for: a RabbitMQ that starts anew takes 10 to 40, a Redis 5 to 10."""
APART = 120.0
"""Seconds between two failures, with no answer between, that make them two outages: more than from one attempt to the next."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds between attempts, doubling."""
AT_ONCE = 32
"""Photos that wait for one server, half of the handlers that run side by side: the other half answers whoever asks for something else."""
NEVER = float("-inf")

Answer = TypeVar("Answer")


class Outage:
    """One server's. Its patience belongs to the outage and not to each photo: once it is over, whoever comes has one attempt."""

    def __init__(self, away: type[AttraiError]) -> None:
        """`away`: what a call raises while the server is not there."""
        self._away = away
        self._began = self._last = NEVER
        self._waiting = 0

    async def waited_out(self, call: Callable[[], Awaitable[Answer]], *, request_id: str, user: str) -> Answer:
        """What `call` answers, repeated while the server is away. Raises `away` when patience is over, or at once where too many wait."""
        try:
            answer = await call()
        except self._away as error:
            if self.failed(time.monotonic()) <= 0 or self._waiting >= AT_ONCE:
                raise
            event(
                logger,
                "server_waited_for",
                level=logging.WARNING,
                request_id=request_id,
                user=user,
                code=error.code,
            )
            self._waiting += 1
            try:
                answer = await self._repeated(call)
            finally:
                self._waiting -= 1
        self.end()
        return answer

    def failed(self, now: float) -> float:
        """Notes a failure at `now`, in seconds of any clock, and returns the seconds left to go on trying; below 0 when they are over."""
        if now - self._last > APART:
            self._began = now
        self._last = now
        return self._began + PATIENCE - now

    def end(self) -> None:
        """Notes that the server answered."""
        self._began = self._last = NEVER

    async def _repeated(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """For one photo at most as long as for an outage, though others are answered meanwhile."""
        until = time.monotonic() + PATIENCE
        for attempt in count():
            await asyncio.sleep(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE))
            try:
                return await call()
            except self._away:
                now = time.monotonic()
                if self.failed(now) <= 0 or now > until:
                    raise
        raise AssertionError  # counting does not end
