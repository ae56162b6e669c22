"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo, getFile, answerCallbackQuery."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from ..errors import ApiError, bad_request
from ..events import Event
from ..telegram import Telegram
from ..types import JSON_TEXT, File, Update, WebhookInfo
from ..updates import WEBHOOK_SET
from ..webhook import WebhookTarget
from .base import Method

Kinds = Annotated[tuple[str, ...] | None, JSON_TEXT]

MAX_POLL_S = 50
MAX_UPDATES = 100
"""Telegram's own maxima of `timeout` and `limit`."""


class GetUpdates(Method):
    offset: int = 0
    limit: int = MAX_UPDATES
    timeout: int = 0
    allowed_updates: Kinds = None

    async def run(self, telegram: Telegram) -> list[Update]:
        if telegram.webhook.target:
            raise ApiError(
                409,
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        telegram.updates.allow(self.allowed_updates)
        limit = min(max(self.limit, 1), MAX_UPDATES)
        return await telegram.updates.poll(self.offset, limit, min(max(self.timeout, 0), MAX_POLL_S))


class _ChangeWebhook(Method):
    drop_pending_updates: bool = False

    def change(self, telegram: Telegram, target: WebhookTarget | None) -> bool:
        if self.drop_pending_updates:
            telegram.updates.drop()
        telegram.webhook.set_target(target)
        return True


class SetWebhook(_ChangeWebhook):
    """Plain HTTP is allowed, as on a self-hosted Bot API server. An empty `url` deletes the webhook."""

    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    allowed_updates: Kinds = None

    async def run(self, telegram: Telegram) -> bool:
        target = self._target() if self.url else None
        telegram.updates.allow(self.allowed_updates)
        telegram.updates.end_poll(WEBHOOK_SET)
        return self.change(telegram, target)

    def _target(self) -> WebhookTarget:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise bad_request("invalid webhook URL specified")
        if len(self.secret_token) > 256:  # noqa: PLR2004 -- the Bot API's limit
            raise bad_request("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", self.secret_token):
            raise bad_request("secret token contains unallowed characters")
        return WebhookTarget(url=self.url, secret_token=self.secret_token, max_connections=self.max_connections)


class DeleteWebhook(_ChangeWebhook):
    async def run(self, telegram: Telegram) -> bool:
        return self.change(telegram, None)


class GetWebhookInfo(Method):
    async def run(self, telegram: Telegram) -> WebhookInfo:
        return telegram.webhook.info()


class GetFile(Method):
    file_id: str = ""

    async def run(self, telegram: Telegram) -> File:
        if not self.file_id:
            raise bad_request("file_id not specified")
        return telegram.media.make_link(self.file_id)


class AnswerCallbackQuery(Method):
    callback_query_id: str = ""
    text: str | None = None
    show_alert: bool = False

    async def run(self, telegram: Telegram) -> bool:
        query = telegram.presses.get(self.callback_query_id)
        if query is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if len(self.text or "") > 200:  # noqa: PLR2004 -- the Bot API's limit
            raise bad_request("MESSAGE_TOO_LONG")
        telegram.presses.remove(query.id)
        telegram.events.add(
            Event(
                kind="answer",
                chat_id=query.from_.id,
                callback_query_id=query.id,
                text=self.text,
                show_alert=self.show_alert,
            )
        )
        return True
