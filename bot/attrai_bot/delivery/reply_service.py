"""One delivery from claim to clean-up, whoever asks for it: replier, reaper, or an intake that could not go on."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from attrai_shared.contracts import Estimated, Failed, StoredOutcome, read_stored_outcome
from attrai_shared.errors import GivenUp, RefusedMessage, RequestStoreUnavailable, StoreUnavailable
from attrai_shared.logs import event
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import EXPIRY_GRACE_S

from attrai_bot.background import cancel_all
from attrai_bot.delivery.captions import caption
from attrai_bot.delivery.captions import failure as sentence
from attrai_bot.delivery.pending_reply import Delivery, PendingReply, PictureReply, Reply
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.state import Claim, RequestStore
from attrai_bot.state.request_store import LEASE, MARKED
from attrai_bot.texts import TextParams

logger = logging.getLogger(__name__)

HELD_PAUSE = 0.2
"""Seconds before a claim that somebody else holds is asked for again."""
LEDGER_PAUSE = 1.0
"""Seconds before a request store that is away is asked again."""
STORE_PATIENCE = 5.0
"""Seconds for which a failure waits for what the store may say instead."""

Answer = TypeVar("Answer")


class ReplyService:
    """Delivers outcomes. The claim makes sure that only one does so for a request, the mark that none does so again."""

    def __init__(self, requests: RequestStore, store: PhotoStore, sender: ReplySender, text_params: TextParams) -> None:
        self._requests, self._store, self._sender, self._text_params = requests, store, sender, text_params

    async def deliver(self, pending: PendingReply, failure: str | None, patience: float) -> Delivery:
        """Answers the request, gives back what it took and deletes its files.

        `failure`: the code of what failed; without one the picture and its faces lie in the store. What lies there goes before
        `failure`: its message was lost or is late.
        HELD or AWAY after about `patience` seconds: the request lives on. While the request store is away, it waits.
        """
        owner = secrets.token_hex(8)
        give_up_at = time.monotonic() + patience
        delivery = await self._claimed(pending, owner, give_up_at)
        estimated = failure is None
        if delivery is Delivery.SENT:
            async with self._lease(pending, owner):
                stored = await self._stored(pending, failure)
                reply = await self._reply(pending, stored, failure)
                estimated = isinstance(reply, PictureReply)
                seconds = pending.seconds or (stored.seconds if stored else {})
                delivery = await self._answer(replace(pending, seconds=seconds), reply, give_up_at - time.monotonic())
        if delivery not in (Delivery.HELD, Delivery.AWAY):
            await self._delete_files(pending)
        event(
            logger,
            "delivery",
            request_id=pending.request_id,
            user=pending.user,
            delivery=delivery.value,
            outcome="estimated" if estimated else "failed",
        )
        return delivery

    async def _claimed(self, pending: PendingReply, owner: str, give_up_at: float) -> Delivery:
        """SENT stands for a claim that was won. Long after its deadline a request without a request is answered."""
        late = time.time() > pending.deadline + EXPIRY_GRACE_S
        claim = partial(self._requests.claim, pending.request_id, owner, live_only=late)
        while (verdict := await persist(claim)) is Claim.HELD:
            if time.monotonic() > give_up_at:
                return Delivery.HELD
            await asyncio.sleep(HELD_PAUSE)
        return Delivery.SENT if verdict is Claim.WON else Delivery.ANSWERED

    @asynccontextmanager
    async def _lease(self, pending: PendingReply, owner: str) -> AsyncIterator[None]:
        """Keeps the claim while the block runs, and gives it back after."""
        renewing = asyncio.create_task(self._renew(pending, owner))
        try:
            yield
        finally:
            await cancel_all([renewing])
            with suppress(RequestStoreUnavailable):
                await self._requests.release(pending.request_id, owner)

    async def _renew(self, pending: PendingReply, owner: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            with suppress(RequestStoreUnavailable):
                await self._requests.claim(pending.request_id, owner, live_only=False)

    async def _answer(self, pending: PendingReply, reply: Reply, patience: float) -> Delivery:
        delivery = await self._sender.send(pending.address, reply, patience)
        if delivery is Delivery.REFUSED and isinstance(reply, PictureReply):
            delivery = await self._sender.send(pending.address, self._sentence(pending, GivenUp.code), patience)
        if delivery is Delivery.AWAY and time.time() < pending.deadline + MARKED:
            return delivery
        await persist(
            lambda: self._requests.settle(
                pending.request_id, pending.user, pending.deadline, time.time(), seconds=pending.seconds
            )
        )
        return delivery if delivery is Delivery.SENT else Delivery.UNDELIVERABLE

    async def _reply(self, pending: PendingReply, stored: StoredOutcome | None, failure: str | None) -> Reply:
        match stored:
            case StoredOutcome(outcome=Estimated(faces=faces)):
                if (picture := await self._read(pending, Part.PICTURE, failure)) is not None:
                    return PictureReply(picture, caption(pending.address.language, faces))
            case StoredOutcome(outcome=Failed(code=code)):
                return self._sentence(pending, code)
        if failure is None:
            event(logger, "picture_missing", level=logging.WARNING, request_id=pending.request_id, user=pending.user)
        return self._sentence(pending, failure or GivenUp.code)

    def _sentence(self, pending: PendingReply, code: str) -> str:
        return sentence(pending.address.language, code, pending.request_id, self._text_params)

    async def _stored(self, pending: PendingReply, failure: str | None) -> StoredOutcome | None:
        """What became of the request, if the store says so."""
        outcome = await self._read(pending, Part.OUTCOME, failure)
        try:
            return None if outcome is None else read_stored_outcome(outcome)
        except RefusedMessage:
            return None

    async def _read(self, pending: PendingReply, part: Part, failure: str | None) -> bytes | None:
        """The file, if it can be read; where `failure` can be told instead, a store that hangs is not waited for."""
        try:
            async with asyncio.timeout(None if failure is None else STORE_PATIENCE):
                return await asyncio.to_thread(self._store.read, pending.request_id, part)
        except (StoreUnavailable, TimeoutError):
            return None

    async def _delete_files(self, pending: PendingReply) -> None:
        """What cannot be deleted now is an orphan, which the reaper sweeps."""
        try:
            await asyncio.to_thread(self._store.delete, pending.request_id)
        except StoreUnavailable:
            event(logger, "files_not_deleted", level=logging.WARNING, request_id=pending.request_id, user=pending.user)


async def persist(question: Callable[[], Awaitable[Answer]]) -> Answer:
    """The request store's answer, however long it is away."""
    while True:
        try:
            return await question()
        except RequestStoreUnavailable as error:
            event(logger, "ledger_away", level=logging.WARNING, error=str(error))
        await asyncio.sleep(LEDGER_PAUSE)
