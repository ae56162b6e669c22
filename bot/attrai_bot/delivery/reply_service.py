"""A delivery from top to bottom: claim, find the outcome, render the reply, send, settle, delete the files."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from attrai_shared.contracts import Estimated, Failed, StoredOutcome, read_stored_outcome
from attrai_shared.errors import GivenUp, RefusedMessage, RequestStoreUnavailable, StoreUnavailable
from attrai_shared.logs import event
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import EXPIRY_GRACE_S
from attrai_shared.retry import RetryPolicy

from attrai_bot.background import cancel_all
from attrai_bot.delivery.captions import caption, failure_sentence
from attrai_bot.delivery.pending_reply import Delivery, PendingReply, PictureReply, Reply, SendResult
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.state import Claim, RequestStore
from attrai_bot.state.request_store import CLAIM_LEASE_S, MARKS_KEPT_S
from attrai_bot.texts import TextParams

logger = logging.getLogger(__name__)

CLAIM_POLL_S = 0.2
"""Pause before a claim that another delivery holds is tried again."""
FAILURE_STORE_TIMEOUT_S = 5.0
"""How long a failure waits for the photo store, which may know a better outcome."""
NOT_WON = {Claim.HELD: Delivery.HELD, Claim.ANSWERED: Delivery.ANSWERED}


def _log_away(error: BaseException, _: float) -> None:
    event(logger, "ledger_away", level=logging.WARNING, error=str(error))


REQUEST_STORE_RETRY = RetryPolicy(
    on=(RequestStoreUnavailable,), first_pause_s=1.0, longest_pause_s=1.0, on_retry=_log_away
)
"""Without a limit: a delivery waits for the request store however long it is away."""


class ReplyService:
    """Delivers outcomes. The claim lets one delivery at a time answer a request; its mark prevents a second answer."""

    def __init__(self, requests: RequestStore, store: PhotoStore, sender: ReplySender, text_params: TextParams) -> None:
        self._requests, self._store, self._sender, self._text_params = requests, store, sender, text_params

    async def deliver(self, pending: PendingReply, failure: str | None, timeout_s: float) -> Delivery:
        """Answers the request, gives back what it took and deletes its files.

        `failure`: an error's code; without one, picture and outcome are in the photo store. A stored outcome takes
        precedence over `failure`: its message was lost or is late. HELD or AWAY after about `timeout_s`.
        """
        owner = secrets.token_hex(8)
        give_up_at = time.monotonic() + timeout_s
        is_estimated = failure is None

        delivery = NOT_WON.get(await self._claim(pending, owner, give_up_at))
        if delivery is None:
            async with self._lease(pending, owner):
                outcome = await self._find_outcome(pending, failure)
                reply = await self._render(pending, outcome, failure)
                is_estimated = isinstance(reply, PictureReply)
                sent = await self._send(pending, reply, give_up_at)
                delivery = await self._settle(pending, outcome, sent)
        if delivery.is_final:
            await self._delete_files(pending)

        event(
            logger,
            "delivery",
            request_id=pending.request_id,
            user=pending.user,
            delivery=delivery.value,
            outcome="estimated" if is_estimated else "failed",
        )
        return delivery

    async def _claim(self, pending: PendingReply, owner: str, give_up_at: float) -> Claim:
        """Long after its deadline, a request that is no longer live counts as answered."""
        is_late = time.time() > pending.deadline + EXPIRY_GRACE_S
        claim_once = partial(self._requests.claim, pending.request_id, owner, live_only=is_late)
        while (claim := await REQUEST_STORE_RETRY.call_async(claim_once)) is Claim.HELD:
            if time.monotonic() > give_up_at:
                break
            await asyncio.sleep(CLAIM_POLL_S)
        return claim

    @asynccontextmanager
    async def _lease(self, pending: PendingReply, owner: str) -> AsyncIterator[None]:
        """Renews the claim while the block runs, then releases it."""
        renewing = asyncio.create_task(self._renew(pending, owner))
        try:
            yield
        finally:
            await cancel_all([renewing])
            with suppress(RequestStoreUnavailable):
                await self._requests.release(pending.request_id, owner)

    async def _renew(self, pending: PendingReply, owner: str) -> None:
        while True:
            await asyncio.sleep(CLAIM_LEASE_S / 3)
            with suppress(RequestStoreUnavailable):
                await self._requests.claim(pending.request_id, owner, live_only=False)

    async def _find_outcome(self, pending: PendingReply, failure: str | None) -> StoredOutcome | None:
        """The outcome in the photo store, if one is there and can be read."""
        stored = await self._read(pending, Part.OUTCOME, failure)
        try:
            return None if stored is None else read_stored_outcome(stored)
        except RefusedMessage:
            return None

    async def _render(self, pending: PendingReply, outcome: StoredOutcome | None, failure: str | None) -> Reply:
        match outcome:
            case StoredOutcome(outcome=Estimated(faces=faces)):
                if (picture := await self._read(pending, Part.PICTURE, failure)) is not None:
                    return PictureReply(picture, caption(pending.address.language, faces))
            case StoredOutcome(outcome=Failed(code=code)):
                return self._sentence(pending, code)
        if failure is None:
            event(logger, "picture_missing", level=logging.WARNING, request_id=pending.request_id, user=pending.user)
        return self._sentence(pending, failure or GivenUp.code)

    async def _send(self, pending: PendingReply, reply: Reply, give_up_at: float) -> SendResult:
        """A sentence replaces a picture that Telegram refuses."""
        timeout_s = give_up_at - time.monotonic()
        sent = await self._sender.send(pending.address, reply, timeout_s)
        if sent is SendResult.REFUSED and isinstance(reply, PictureReply):
            return await self._sender.send(pending.address, self._sentence(pending, GivenUp.code), timeout_s)
        return sent

    async def _settle(self, pending: PendingReply, outcome: StoredOutcome | None, sent: SendResult) -> Delivery:
        """A request that could not be answered stays live as long as its marks are kept."""
        if sent is SendResult.AWAY and time.time() < pending.deadline + MARKS_KEPT_S:
            return Delivery.AWAY
        seconds = pending.seconds or (outcome.seconds if outcome else {})
        await REQUEST_STORE_RETRY.call_async(
            lambda: self._requests.settle(
                pending.request_id, pending.user, pending.deadline, time.time(), seconds=seconds
            )
        )
        return Delivery.SENT if sent is SendResult.SENT else Delivery.UNDELIVERABLE

    async def _delete_files(self, pending: PendingReply) -> None:
        """The reaper sweeps files that cannot be deleted now."""
        try:
            await asyncio.to_thread(self._store.delete, pending.request_id)
        except StoreUnavailable:
            event(logger, "files_not_deleted", level=logging.WARNING, request_id=pending.request_id, user=pending.user)

    async def _read(self, pending: PendingReply, part: Part, failure: str | None) -> bytes | None:
        """The file, if it can be read.

        A `failure` can be told without it, so it does not wait for a store that hangs.
        """
        try:
            async with asyncio.timeout(None if failure is None else FAILURE_STORE_TIMEOUT_S):
                return await asyncio.to_thread(self._store.read, pending.request_id, part)
        except (StoreUnavailable, TimeoutError):
            return None

    def _sentence(self, pending: PendingReply, code: str) -> str:
        return failure_sentence(pending.address.language, code, pending.request_id, self._text_params)
