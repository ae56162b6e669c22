"""Long polling that confirms an update only after its handler has finished, so that a kill loses none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import Update
from attrai_shared.logs import event
from pydantic import ValidationError

from attrai_bot.background import cancel_all
from attrai_bot.intake.update_offsets import UpdateOffsets
from attrai_bot.telegram.bot_api import ALLOWED_UPDATES, TELEGRAM_ERRORS

logger = logging.getLogger(__name__)

POLL = 30
"""Seconds that Telegram holds a poll open while there is nothing new."""
AT_ONCE = 64
"""Handlers that run side by side."""
PAUSE = 0.2
"""Seconds between two polls while handlers run: Telegram then repeats what is open instead of holding the poll."""
FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 15.0
DRAIN = 6.0
"""Seconds that handlers may take to finish at stop; the updates of the others come again."""
CONFIRM = 1
CONFIRM_PAUSES = (0.0, 0.3, 0.6)
"""Seconds before each try to confirm what was done; Telegram may still hold the poll that we gave up."""

Handle = Callable[[Update], Awaitable[None]]
"""Handles an update; whatever goes wrong in it is its own affair."""


class Poller:
    """Feeds a bot's updates to a handler."""

    def __init__(self, bot: Bot, handle: Handle) -> None:
        self._bot, self._handle = bot, handle
        self._offsets = UpdateOffsets()
        self._running: set[asyncio.Task[None]] = set()
        self._backoff = FIRST_BACKOFF

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then handlers finish and what they did is confirmed.

        Raises TelegramUnauthorizedError for a wrong token.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._turn(stopping)
        finally:
            stopping.cancel()
            await self._drain()

    async def _turn(self, stopping: "asyncio.Task[bool]") -> None:
        poll = asyncio.create_task(self._poll())
        await asyncio.wait({poll, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not poll.done():
            await cancel_all([poll])
            return
        self._start(poll.result())
        if self._running:
            await asyncio.wait({*self._running, stopping}, timeout=PAUSE, return_when=asyncio.FIRST_COMPLETED)

    async def _poll(self) -> Sequence[Update]:
        try:
            updates = await self._bot.get_updates(
                offset=self._offsets.offset,
                timeout=POLL,
                allowed_updates=ALLOWED_UPDATES,
                request_timeout=POLL + 10,
            )
        except TelegramUnauthorizedError:
            raise
        except ClientDecodeError as error:
            if (salvaged := self._salvaged(error.data)) is not None:
                return salvaged
            await self._back_off(error)
            return []
        except TELEGRAM_ERRORS as error:
            await self._back_off(error)
            return []
        self._backoff = FIRST_BACKOFF
        return updates

    def _salvaged(self, answer: object) -> list[Update] | None:
        """The updates of an answer that can be read; the others are confirmed, or Telegram would repeat them for ever."""
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            return None
        read = []
        for raw in result:
            try:
                read.append(Update.model_validate(raw, context={"bot": self._bot}))
            except ValidationError:
                event(logger, "update_unreadable", level=logging.ERROR)
                self._skip(raw)
        return read

    def _skip(self, raw: object) -> None:
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if isinstance(update_id, int):
            for begun in self._offsets.begin([update_id], 1):
                self._offsets.finish(begun)

    async def _back_off(self, error: Exception) -> None:
        pause = error.retry_after if isinstance(error, TelegramRetryAfter) else self._backoff
        event(logger, "poll_failed", level=logging.WARNING, error=type(error).__name__, pause=pause)
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
        await asyncio.sleep(pause)

    def _start(self, updates: Sequence[Update]) -> None:
        by_id = {update.update_id: update for update in updates}
        room = AT_ONCE - len(self._running)
        for update_id in self._offsets.begin(by_id, room):
            task = asyncio.create_task(self._run(by_id[update_id]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, update: Update) -> None:
        """A handler that is cancelled leaves its update open: it comes again."""
        await self._handle(update)
        self._offsets.finish(update.update_id)

    async def _drain(self) -> None:
        if self._running:
            _, late = await asyncio.wait({*self._running}, timeout=DRAIN)
            await cancel_all(late)
        if self._offsets.offset is not None:
            await self._confirm(self._offsets.offset)

    async def _confirm(self, offset: int) -> None:
        for pause in CONFIRM_PAUSES:
            await asyncio.sleep(pause)
            with suppress(*TELEGRAM_ERRORS):
                await self._bot.get_updates(offset=offset, limit=1, timeout=0, request_timeout=CONFIRM)
                return
