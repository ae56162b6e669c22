"""Answers requests that pass their deadline, and deletes files whose request is gone."""

import asyncio
import logging
import time

from attrai_shared.errors import AttraiError, TimedOut
from attrai_shared.logs import event
from attrai_shared.photo_store import PhotoStore
from attrai_shared.queues import EXPIRY_GRACE_S

from attrai_bot.background import cancel_all
from attrai_bot.delivery.pending_reply import PendingReply
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.state import LiveRequest, RequestStore

logger = logging.getLogger(__name__)

REAP_INTERVAL_S = 2.0
REAPS_PER_SWEEP = 15
MAX_ANSWERS = 16
"""Overdue requests that are answered side by side."""
OVERDUE_REPLY_TIMEOUT_S = 60.0
"""Limit of one attempt to answer. The request is tried again afterwards."""


class Reaper:
    """Reaps at a fixed interval. `lifetime`: seconds from a request's acceptance to its deadline."""

    def __init__(self, requests: RequestStore, store: PhotoStore, reply_service: ReplyService, lifetime: float) -> None:
        self._requests, self._store, self._reply_service, self._lifetime = requests, store, reply_service, lifetime
        self._answering: dict[str, asyncio.Task[None]] = {}
        self._free = asyncio.Semaphore(MAX_ANSWERS)

    async def run(self) -> None:
        """Until cancelled, which cancels the open answers too."""
        try:
            await self._reap_and_sweep()
        finally:
            await cancel_all(self._answering.values())

    async def _reap_and_sweep(self) -> None:
        reaps = 0
        while True:
            try:
                await self.reap()
                if reaps % REAPS_PER_SWEEP == 0:
                    await self.sweep()
            except AttraiError as error:
                event(logger, "reaper_hindered", level=logging.WARNING, code=error.code)
            reaps += 1
            await asyncio.sleep(REAP_INTERVAL_S)

    async def reap(self) -> list[asyncio.Task[None]]:
        """Starts to answer each overdue request that is not being answered. Returns all open answers.

        Raises RequestStoreUnavailable.
        """
        for request in await self._requests.overdue(time.time()):
            if request.request_id not in self._answering:
                self._answering[request.request_id] = asyncio.create_task(self._answer(request))
        return list(self._answering.values())

    async def sweep(self) -> set[str]:
        """Deletes old files of requests that are no longer live, and returns their ids.

        Raises StoreUnavailable, RequestStoreUnavailable.
        """
        old = await asyncio.to_thread(self._store.orphans, self._lifetime + EXPIRY_GRACE_S)
        orphans = {request_id for request_id in old if await self._requests.find(request_id) is None}
        for request_id in orphans:
            await asyncio.to_thread(self._store.delete, request_id)
            event(logger, "orphan_swept", request_id=request_id)
        return orphans

    async def _answer(self, request: LiveRequest) -> None:
        try:
            async with self._free:
                await self._reply_service.deliver(
                    PendingReply.of_request(request), TimedOut.code, OVERDUE_REPLY_TIMEOUT_S
                )
        except AttraiError as error:
            event(logger, "reaper_hindered", level=logging.WARNING, code=error.code, **request.log_fields)
        finally:
            self._answering.pop(request.request_id, None)
