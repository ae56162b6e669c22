"""The queue of updates: kept until the bot confirms them, delivered by long polling or the webhook."""

import asyncio
import sqlite3

from .broadcast import Broadcast
from .errors import ApiError
from .tables import Table
from .types import ApiObject, CallbackQuery, ChatMemberUpdated, Message, Update

OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = "terminated by setWebhook request"
_SETTING = "allowed"


class _Allowed(ApiObject):
    kinds: tuple[str, ...] = ()


class Updates:
    """Update ids rise by one. Kinds that are not `allowed` are not queued."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._queue = Table(database, "updates", int, Update)
        self._settings = Table(database, "update_settings", str, _Allowed)
        self._changed = Broadcast()
        self._poll = 0
        self._waiting = 0
        self._reason = OTHER_POLLER
        self._closed = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """The kinds that the bot asked for; empty for all."""
        found = self._settings.get(_SETTING)
        return found.kinds if found else ()

    def allow(self, kinds: tuple[str, ...] | None) -> None:
        """Sets the allowed kinds; None keeps the last ones."""
        if kinds is not None and kinds != self.allowed:
            self._settings.put(_SETTING, _Allowed(kinds=kinds))

    def add(self, content: Message | CallbackQuery | ChatMemberUpdated) -> None:
        kind = {Message: "message", CallbackQuery: "callback_query", ChatMemberUpdated: "my_chat_member"}[type(content)]
        if self.allowed and kind not in self.allowed:
            return
        update_id = self._queue.next_key()
        self._queue.put(update_id, Update.model_validate({"update_id": update_id, kind: content}))
        self._changed.fire()

    def take(self, offset: int = 0, limit: int = 100) -> list[Update]:
        """The oldest updates from `offset` on; earlier ones are confirmed and removed. A negative offset counts from the end."""
        waiting = list(self._queue.rows())
        first = offset if offset >= 0 else ([0, *(update.update_id for update in waiting)])[offset:][0]
        for update in waiting:
            if update.update_id < first:
                self._queue.remove(update.update_id)
        return [update for update in waiting if update.update_id >= first][:limit]

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Update]:
        """As `take`, but waits up to `seconds` for the first. Ends another waiting poll with a 409."""
        self.end_poll(OTHER_POLLER)
        mine = self._poll
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while not (found := self.take(offset, limit)) and seconds and not self._closed:
                    await self._changed.wait()
                    self._check_not_replaced(mine)
        except TimeoutError:
            return []
        finally:
            self._waiting -= 1
        return found

    @property
    def polled(self) -> bool:
        """Whether a `poll` is waiting now."""
        return self._waiting > 0

    def end_poll(self, reason: str) -> None:
        """Ends a waiting poll with a 409 and this reason."""
        self._poll, self._reason = self._poll + 1, reason
        self._changed.fire()

    def drop(self) -> None:
        """Removes all updates."""
        for update in self._queue.rows():
            self._queue.remove(update.update_id)

    async def changed(self) -> None:
        """Returns at the next update, poll or `wake`."""
        await self._changed.wait()

    def wake(self) -> None:
        """Makes every waiting task check again."""
        self._changed.fire()

    def close(self) -> None:
        """Ends polls at once."""
        self._closed = True
        self._changed.fire()

    def __len__(self) -> int:
        return len(self._queue)

    def _check_not_replaced(self, mine: int) -> None:
        if mine != self._poll:
            raise ApiError(409, self._reason)
