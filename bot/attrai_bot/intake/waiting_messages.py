"""Keeps waiting messages true while photos wait: edits those that changed, ever more rarely, and never over a reply."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from attrai_shared.errors import RequestStoreUnavailable
from attrai_shared.logs import event

from attrai_bot.state import Claim, LiveRequest, QueueLoad, RequestStore
from attrai_bot.state.eta import Throughput, wait_seconds, waiting_text
from attrai_bot.state.live_request import NO_MESSAGE
from attrai_bot.telegram.bot_api import TELEGRAM_ERRORS
from attrai_bot.texts import TextParams

logger = logging.getLogger(__name__)

TICK = 2.0
"""Seconds between two looks at the queue."""
FIRST_INTERVAL, LONGEST_INTERVAL = 5.0, 60.0
"""Seconds before a waiting message's first edit and at most between its later ones; doubled each time."""
EDITS_A_TICK = 10
"""Far below the about 30 messages a second that Telegram lets a bot send."""
EDIT_WITHIN = 5
"""Seconds that an edit may take: less than the lease under which it is done."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a waiting message says, and when it may be edited next (seconds since 1970)."""

    text: str
    next_edit: float
    interval: float


class WaitingMessageUpdater:
    """Goes round for ever."""

    def __init__(self, bot: Bot, requests: RequestStore, text_params: TextParams) -> None:
        self._bot, self._requests, self._text_params = bot, requests, text_params
        self._shown: dict[str, Shown] = {}
        self._quiet_until = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TICK)
            with suppress(RequestStoreUnavailable):
                await self.tick(time.time())

    async def tick(self, now: float) -> None:
        """One look at the queue. Raises RequestStoreUnavailable."""
        live = [request for request in await self._requests.live() if request.deadline > now]
        live_ids = {request.request_id for request in live}
        self._shown = {one: shown for one, shown in self._shown.items() if one in live_ids}
        if not live or now < self._quiet_until:
            return
        for request, text in (await self._due(live, now))[:EDITS_A_TICK]:
            await self._edit_claimed(request, text)

    async def _due(self, live: list[LiveRequest], now: float) -> list[tuple[LiveRequest, str]]:
        """Which waiting messages should say something else by now."""
        throughput = Throughput(await self._requests.replicas(now), await self._requests.timings())
        mine = Counter(request.user for request in live)
        due, ahead = [], QueueLoad()
        for request in live:
            wait = wait_seconds(ahead, request.bytes, throughput)
            ahead = QueueLoad(ahead.photos + 1, ahead.bytes + request.bytes)
            text = waiting_text(request.language, ahead.photos, wait, mine[request.user], self._text_params)
            if request.waiting_message_id != NO_MESSAGE and self._may_change(request, text, now):
                due.append((request, text))
        return due

    def _may_change(self, request: LiveRequest, text: str, now: float) -> bool:
        before = self._shown.get(request.request_id)
        if before is None:
            self._shown[request.request_id] = Shown("", now + FIRST_INTERVAL, FIRST_INTERVAL)
            return False
        if now < before.next_edit or text == before.text:
            return False
        interval = min(before.interval * 2, LONGEST_INTERVAL)
        self._shown[request.request_id] = Shown(text, now + interval, interval)
        return True

    async def _edit_claimed(self, request: LiveRequest, text: str) -> None:
        """Under the claim, so that a reply waits for the edit and no edit follows a reply."""
        owner = secrets.token_hex(8)
        if await self._requests.claim(request.request_id, owner, live_only=True) is not Claim.WON:
            return
        try:
            await self._edit(request, text)
        finally:
            await self._requests.release(request.request_id, owner)

    async def _edit(self, request: LiveRequest, text: str) -> None:
        try:
            await self._bot.edit_message_text(
                text, chat_id=request.chat_id, message_id=request.waiting_message_id, request_timeout=EDIT_WITHIN
            )
        except TelegramRetryAfter as error:
            self._quiet_until = time.time() + error.retry_after
        except TELEGRAM_ERRORS as error:  # unchanged, deleted by the user, network: the next tick sees
            event(
                logger,
                "waiting_not_edited",
                level=logging.DEBUG,
                request_id=request.request_id,
                error=type(error).__name__,
            )
