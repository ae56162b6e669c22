"""Long polling that confirms an update only after its handler has finished, so that a kill loses none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramUnauthorizedError
from aiogram.types import Update
from attrai_shared.logs import event
from attrai_shared.retry import RetryPolicy
from pydantic import ValidationError

from attrai_bot.background import cancel_all
from attrai_bot.intake.update_offsets import UpdateOffsets
from attrai_bot.telegram.bot_api import ALLOWED_UPDATES, TELEGRAM_ERRORS, retry_after

logger = logging.getLogger(__name__)

POLL_TIMEOUT_S = 30
"""How long Telegram holds a poll open while there is no update."""
MAX_HANDLERS = 64
"""Handlers that run side by side."""
REPOLL_PAUSE_S = 0.2
"""Pause between polls while handlers run. Telegram then repeats the open updates instead of holding the poll."""
HANDLER_DRAIN_TIMEOUT_S = 6.0
"""How long handlers have to finish at stop. The updates of the others are delivered again."""
CONFIRM_TIMEOUT_S = 1

Handle = Callable[[Update], Awaitable[None]]
"""Handles an update and its errors."""


def _log_failure(error: BaseException, pause: float) -> None:
    event(logger, "poll_failed", level=logging.WARNING, error=type(error).__name__, pause=pause)


POLL_RETRY = RetryPolicy(
    on=TELEGRAM_ERRORS,
    never_on=(TelegramUnauthorizedError,),
    first_pause_s=0.5,
    longest_pause_s=15.0,
    asked_pause=retry_after,
    on_retry=_log_failure,
)
CONFIRM_RETRY = RetryPolicy(on=TELEGRAM_ERRORS, first_pause_s=0.3, longest_pause_s=0.6, max_attempts=3)
"""Telegram may still hold the poll that was given up."""


class Poller:
    """Passes a bot's updates to a handler."""

    def __init__(self, bot: Bot, handle: Handle) -> None:
        self._bot, self._handle = bot, handle
        self._offsets = UpdateOffsets()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then handlers finish, and their updates are confirmed.

        Raises TelegramUnauthorizedError for a wrong token.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._poll_and_start(stopping)
        finally:
            stopping.cancel()
            await self._drain()

    async def _poll_and_start(self, stopping: "asyncio.Task[bool]") -> None:
        poll = asyncio.create_task(POLL_RETRY.call_async(self._poll))
        await asyncio.wait({poll, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not poll.done():
            await cancel_all([poll])
            return
        self._start(poll.result())
        if self._running:
            await asyncio.wait({*self._running, stopping}, timeout=REPOLL_PAUSE_S, return_when=asyncio.FIRST_COMPLETED)

    async def _poll(self) -> Sequence[Update]:
        try:
            return await self._bot.get_updates(
                offset=self._offsets.offset,
                timeout=POLL_TIMEOUT_S,
                allowed_updates=ALLOWED_UPDATES,
                request_timeout=POLL_TIMEOUT_S + 10,
            )
        except ClientDecodeError as error:
            if (readable := self._readable(error.data)) is None:
                raise
            return readable

    def _readable(self, answer: object) -> list[Update] | None:
        """The updates that aiogram can read. The others are confirmed, or Telegram would repeat them for ever."""
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            return None
        updates = []
        for raw in result:
            try:
                updates.append(Update.model_validate(raw, context={"bot": self._bot}))
            except ValidationError:
                event(logger, "update_unreadable", level=logging.ERROR)
                self._skip(raw)
        return updates

    def _skip(self, raw: object) -> None:
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if isinstance(update_id, int):
            for begun in self._offsets.begin([update_id], 1):
                self._offsets.finish(begun)

    def _start(self, updates: Sequence[Update]) -> None:
        by_id = {update.update_id: update for update in updates}
        for update_id in self._offsets.begin(by_id, MAX_HANDLERS - len(self._running)):
            task = asyncio.create_task(self._run(by_id[update_id]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, update: Update) -> None:
        """A cancelled handler leaves its update unconfirmed: Telegram delivers it again."""
        await self._handle(update)
        self._offsets.finish(update.update_id)

    async def _drain(self) -> None:
        if self._running:
            _, late = await asyncio.wait({*self._running}, timeout=HANDLER_DRAIN_TIMEOUT_S)
            await cancel_all(late)
        if (offset := self._offsets.offset) is not None:
            with suppress(*TELEGRAM_ERRORS):
                await CONFIRM_RETRY.call_async(lambda: self._confirm(offset))

    async def _confirm(self, offset: int) -> None:
        await self._bot.get_updates(offset=offset, limit=1, timeout=0, request_timeout=CONFIRM_TIMEOUT_S)
