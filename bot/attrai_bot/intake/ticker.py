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

from attrai_bot.forecast import Pace, wait_seconds, waiting_text
from attrai_bot.quotas import Claim, Ledger, Load, Record
from attrai_bot.quotas.records import NO_MESSAGE
from attrai_bot.telegram import TELEGRAM_ERRORS
from attrai_bot.texts import Figures

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


class Ticker:
    """Goes round for ever."""

    def __init__(self, bot: Bot, ledger: Ledger, figures: Figures) -> None:
        self._bot, self._ledger, self._figures = bot, ledger, figures
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
        records = [record for record in await self._ledger.live() if record.deadline > now]
        live = {record.request_id for record in records}
        self._shown = {one: shown for one, shown in self._shown.items() if one in live}
        if not records or now < self._quiet_until:
            return
        for record, text in (await self._due(records, now))[:EDITS_A_TICK]:
            await self._edit_claimed(record, text)

    async def _due(self, records: list[Record], now: float) -> list[tuple[Record, str]]:
        """Which waiting messages should say something else by now."""
        pace = Pace(await self._ledger.replicas(now), await self._ledger.timings())
        mine = Counter(record.user for record in records)
        due, ahead = [], Load()
        for record in records:
            wait = wait_seconds(ahead, record.bytes, pace)
            ahead = Load(ahead.photos + 1, ahead.bytes + record.bytes)
            text = waiting_text(record.language, ahead.photos, wait, mine[record.user], self._figures)
            if record.waiting_message_id != NO_MESSAGE and self._may_change(record, text, now):
                due.append((record, text))
        return due

    def _may_change(self, record: Record, text: str, now: float) -> bool:
        before = self._shown.get(record.request_id)
        if before is None:
            self._shown[record.request_id] = Shown("", now + FIRST_INTERVAL, FIRST_INTERVAL)
            return False
        if now < before.next_edit or text == before.text:
            return False
        interval = min(before.interval * 2, LONGEST_INTERVAL)
        self._shown[record.request_id] = Shown(text, now + interval, interval)
        return True

    async def _edit_claimed(self, record: Record, text: str) -> None:
        """Under the claim, so that a reply waits for the edit and no edit follows a reply."""
        owner = secrets.token_hex(8)
        if await self._ledger.claim(record.request_id, owner, recorded_only=True) is not Claim.WON:
            return
        try:
            await self._edit(record, text)
        finally:
            await self._ledger.release(record.request_id, owner)

    async def _edit(self, record: Record, text: str) -> None:
        try:
            await self._bot.edit_message_text(
                text, chat_id=record.chat_id, message_id=record.waiting_message_id, request_timeout=EDIT_WITHIN
            )
        except TelegramRetryAfter as error:
            self._quiet_until = time.time() + error.retry_after
        except TELEGRAM_ERRORS as error:  # unchanged, deleted by the user, network: the next tick sees
            event(
                logger,
                "waiting_not_edited",
                level=logging.DEBUG,
                request_id=record.request_id,
                error=type(error).__name__,
            )
