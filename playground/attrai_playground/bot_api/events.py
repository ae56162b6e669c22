"""The log of events, and the stream that follows it."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Literal

from pydantic import JsonValue

from .broadcast import Broadcast
from .tables import Table
from .types import ApiObject, Message

EventKind = Literal["message", "edited", "deleted", "call", "person", "action", "answer", "commands"]


class Event(ApiObject):
    """An event. The fields depend on `kind`.

    message, edited, deleted: `message` at that time; `by_bot` says who wrote it.
    call: the bot called `method` with `parameters` (long values cut). `ok`, or `code` and `description` of the error;
    `ordered` for an ordered failure. Successful getUpdates calls are left out.
    action: the chat action `text`. answer: to the button press `callback_query_id`, with `text` and `show_alert`.
    person: language, name or standing changed. commands: the menu or the description changed.
    """

    seq: int = 0
    time: float = 0
    kind: EventKind
    chat_id: int | None = None
    message: Message | None = None
    by_bot: bool | None = None
    method: str | None = None
    parameters: dict[str, JsonValue] | None = None
    ok: bool | None = None
    code: int | None = None
    description: str | None = None
    ordered: bool | None = None
    text: str | None = None
    callback_query_id: str | None = None
    show_alert: bool | None = None


class EventLog:
    """`seq` rises by one, also over a restart on the same database."""

    def __init__(self, database: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self._log = Table(database, "events", int, Event)
        self._clock = clock
        self._changed = Broadcast()
        self._closed = False

    def add(self, event: Event) -> None:
        """Adds an event and sets its number and time."""
        seq = self._log.next_key()
        self._log.put(seq, event.model_copy(update={"seq": seq, "time": self._clock()}), event.chat_id)
        self._changed.fire()

    def after(self, seq: int, chat_id: int | None = None) -> list[Event]:
        """Events later than `seq`, of one chat or of all."""
        return list(self._log.rows(after=seq, part=chat_id))

    @property
    def last(self) -> int:
        return self._log.next_key() - 1

    async def follow(self, seq: int, chat_id: int | None = None) -> AsyncIterator[Event]:
        """Events later than `seq` as they come, until `close`."""
        while not self._closed:
            fresh = self.after(seq, chat_id)
            for event in fresh:
                seq = event.seq
                yield event
            if not fresh:
                await self._changed.wait()

    def close(self) -> None:
        self._closed = True
        self._changed.fire()
