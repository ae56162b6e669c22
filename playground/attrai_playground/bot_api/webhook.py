"""Delivery of updates to the bot's webhook, one at a time, each repeated until it is accepted."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

import aiohttp

from .broadcast import Broadcast
from .tables import Table
from .types import ApiObject, Update, WebhookInfo
from .updates import Updates

LONGEST_PAUSE_S = 60.0
ANSWER_TIMEOUT_S = 60
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 -- the header's name
_SETTING = "target"


class WebhookTarget(ApiObject):
    """The webhook's URL and its options."""

    url: str
    secret_token: str = ""
    max_connections: int = 40


class Webhook:
    """`first_pause_s`: before the second attempt; it doubles with each further one."""

    def __init__(
        self, database: sqlite3.Connection, updates: Updates, clock: Callable[[], float], first_pause_s: float
    ) -> None:
        self._settings = Table(database, "webhook", str, WebhookTarget)
        self._updates, self._clock, self._first_pause_s = updates, clock, first_pause_s
        self._target_changed = Broadcast()
        self._error: tuple[int, str] | None = None

    @property
    def target(self) -> WebhookTarget | None:
        return self._settings.get(_SETTING)

    def set_target(self, target: WebhookTarget | None) -> None:
        """Sets or, with None, deletes the webhook."""
        self._error = None
        if target is None:
            self._settings.remove(_SETTING)
        else:
            self._settings.put(_SETTING, target)
        self._target_changed.fire()
        self._updates.wake()

    def info(self) -> WebhookInfo:
        target = self.target
        date, message = self._error or (None, None)
        return WebhookInfo(
            url=target.url if target else "",
            pending_update_count=len(self._updates),
            max_connections=target.max_connections if target else None,
            allowed_updates=self._updates.allowed or None,
            last_error_date=date,
            last_error_message=message,
        )

    async def deliver(self) -> None:
        """Runs until it is cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)) as session:
            while True:
                target, waiting = self.target, self._updates.take(limit=1)
                if target is None or not waiting:
                    await self._updates.changed()
                else:
                    await self._deliver(session, target, waiting[0])

    async def _deliver(self, session: aiohttp.ClientSession, target: WebhookTarget, update: Update) -> None:
        pause = self._first_pause_s
        while self.target == target and update in self._updates.take():
            problem = await _post(session, target, update)
            if problem is None:
                self._updates.take(offset=update.update_id + 1)
                return
            self._error = (int(self._clock()), problem)
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._target_changed.wait(), seconds)


async def _post(session: aiohttp.ClientSession, target: WebhookTarget, update: Update) -> str | None:
    headers = {SECRET_HEADER: target.secret_token} if target.secret_token else {}
    try:
        async with session.post(target.url, json=update.wire(), headers=headers, allow_redirects=False) as answer:
            if answer.ok:
                return None
            return f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return str(error) or type(error).__name__
