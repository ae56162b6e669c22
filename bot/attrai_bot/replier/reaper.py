"""Answers what its deadline passes unanswered, and sweeps files whose request is gone."""

import asyncio
import logging
import time
from contextlib import suppress

from attrai_shared.errors import AttraiError, TimedOut
from attrai_shared.logs import event
from attrai_shared.photo_store import PhotoStore
from attrai_shared.queues import EXPIRY_GRACE_S

from attrai_bot.background import cancel_all
from attrai_bot.delivery.pending_reply import pending_reply_of_request
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.state import LiveRequest, RequestStore

logger = logging.getLogger(__name__)

ROUND = 2.0
"""Seconds between two looks at the deadlines."""
ROUNDS_A_SWEEP = 15
AT_ONCE = 16
"""Overdue requests answered side by side."""
PATIENCE = 60.0
"""Seconds for which one attempt to answer goes on; the request is looked at again after it."""


class Reaper:
    """Goes round for ever. `lifetime`: seconds from a request's acceptance to its deadline."""

    def __init__(self, requests: RequestStore, store: PhotoStore, reply_service: ReplyService, lifetime: float) -> None:
        self._requests, self._store, self._reply_service, self._lifetime = requests, store, reply_service, lifetime
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Until cancelled, which ends the answers under way too."""
        try:
            await self._go_round()
        finally:
            await cancel_all(self._answering.values())

    async def _go_round(self) -> None:
        rounds = 0
        while True:
            try:
                await self.reap()
                if rounds % ROUNDS_A_SWEEP == 0:
                    await self.sweep()
            except AttraiError as error:
                event(logger, "reaper_hindered", level=logging.WARNING, code=error.code)
            rounds += 1
            await asyncio.sleep(ROUND)

    async def reap(self) -> list[asyncio.Task[None]]:
        """Starts an answer to each overdue request that has none yet; all that are under way. Raises RequestStoreUnavailable."""
        for request in await self._requests.overdue(time.time()):
            if request.request_id not in self._answering:
                self._answering[request.request_id] = asyncio.create_task(self._answer(request))
        return list(self._answering.values())

    async def sweep(self) -> set[str]:
        """Deletes old files of requests that live no more; their ids. Raises StoreUnavailable, RequestStoreUnavailable."""
        old = await asyncio.to_thread(self._store.orphans, self._lifetime + EXPIRY_GRACE_S)
        orphans = {request_id for request_id in old if await self._requests.find(request_id) is None}
        for request_id in orphans:
            await asyncio.to_thread(self._store.delete, request_id)
            event(logger, "orphan_swept", request_id=request_id)
        return orphans

    async def _answer(self, request: LiveRequest) -> None:
        try:
            async with self._room:
                await self._reply_service.deliver(pending_reply_of_request(request), TimedOut.code, PATIENCE)
        except AttraiError as error:
            event(
                logger,
                "reaper_hindered",
                level=logging.WARNING,
                request_id=request.request_id,
                user=request.user,
                code=error.code,
            )
        finally:
            with suppress(KeyError):
                del self._answering[request.request_id]
