"""Updates waiting messages while photos wait: only changed texts, at growing intervals, and never after the reply."""

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

UPDATE_INTERVAL_S = 2.0
FIRST_EDIT_AFTER_S, LONGEST_EDIT_INTERVAL_S = 5.0, 60.0
"""Before the first edit of a waiting message, and at most between later edits. The interval doubles with each edit."""
MAX_EDITS_PER_UPDATE = 10
"""Far below the about 30 messages a second that Telegram allows a bot."""
EDIT_TIMEOUT_S = 5
"""Shorter than the lease of the claim under which the edit is done."""


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a waiting message shows, and when it may be edited next (seconds since 1970)."""

    text: str
    next_edit: float
    interval: float


class WaitingMessageUpdater:
    """Looks at the queue at a fixed interval and edits the waiting messages that changed."""

    def __init__(self, bot: Bot, requests: RequestStore, text_params: TextParams) -> None:
        self._bot, self._requests, self._text_params = bot, requests, text_params
        self._shown: dict[str, ShownText] = {}
        self._paused_until = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(UPDATE_INTERVAL_S)
            with suppress(RequestStoreUnavailable):
                await self.update(time.time())

    async def update(self, now: float) -> None:
        """Edits what has changed by now. Raises RequestStoreUnavailable."""
        live = [request for request in await self._requests.live() if request.deadline > now]
        live_ids = {request.request_id for request in live}
        self._shown = {request_id: shown for request_id, shown in self._shown.items() if request_id in live_ids}
        if not live or now < self._paused_until:
            return
        for request, text in (await self._due(live, now))[:MAX_EDITS_PER_UPDATE]:
            await self._edit_claimed(request, text)

    async def _due(self, live: list[LiveRequest], now: float) -> list[tuple[LiveRequest, str]]:
        """The requests whose waiting message should change now, with the new text."""
        throughput = Throughput(await self._requests.replicas(now), await self._requests.timings())
        of_user = Counter(request.user for request in live)
        due, ahead = [], QueueLoad()
        for request in live:
            wait = wait_seconds(ahead, request.bytes, throughput)
            ahead = QueueLoad(ahead.photos + 1, ahead.bytes + request.bytes)
            text = waiting_text(request.language, ahead.photos, wait, of_user[request.user], self._text_params)
            if request.waiting_message_id != NO_MESSAGE and self._is_due(request, text, now):
                due.append((request, text))
        return due

    def _is_due(self, request: LiveRequest, text: str, now: float) -> bool:
        shown = self._shown.get(request.request_id)
        if shown is None:
            self._shown[request.request_id] = ShownText("", now + FIRST_EDIT_AFTER_S, FIRST_EDIT_AFTER_S)
            return False
        if now < shown.next_edit or text == shown.text:
            return False
        interval = min(shown.interval * 2, LONGEST_EDIT_INTERVAL_S)
        self._shown[request.request_id] = ShownText(text, now + interval, interval)
        return True

    async def _edit_claimed(self, request: LiveRequest, text: str) -> None:
        """Edits under the claim: a reply waits for the edit, and no edit follows a reply."""
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
                text, chat_id=request.chat_id, message_id=request.waiting_message_id, request_timeout=EDIT_TIMEOUT_S
            )
        except TelegramRetryAfter as error:
            self._paused_until = time.time() + error.retry_after
        except TELEGRAM_ERRORS as error:  # unchanged, deleted by the user, network: the next update tries again
            event(
                logger,
                "waiting_not_edited",
                level=logging.DEBUG,
                request_id=request.request_id,
                error=type(error).__name__,
            )
