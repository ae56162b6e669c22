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
from attrai_shared.queues import GRACE

from attrai_bot.chores import end
from attrai_bot.quotas import Claim, Ledger
from attrai_bot.quotas.ledger import LEASE, MARKED
from attrai_bot.replies.captions import caption
from attrai_bot.replies.captions import failure as sentence
from attrai_bot.replies.letter import Delivery, Letter, PictureReply, Reply
from attrai_bot.replies.sender import Sender
from attrai_bot.texts import Figures

logger = logging.getLogger(__name__)

HELD_PAUSE = 0.2
"""Seconds before a claim that somebody else holds is asked for again."""
LEDGER_PAUSE = 1.0
"""Seconds before a ledger that is away is asked again."""
STORE_PATIENCE = 5.0
"""Seconds for which a failure waits for what the store may say instead."""

Answer = TypeVar("Answer")


class Courier:
    """Delivers outcomes. The claim makes sure that only one does so for a request, the mark that none does so again."""

    def __init__(self, ledger: Ledger, store: PhotoStore, sender: Sender, figures: Figures) -> None:
        self._ledger, self._store, self._sender, self._figures = ledger, store, sender, figures

    async def deliver(self, letter: Letter, failure: str | None, patience: float) -> Delivery:
        """Answers the request, gives back what it took and deletes its files.

        `failure`: the code of what failed; without one the picture and its faces lie in the store. What lies there goes before
        `failure`: its message was lost or is late.
        HELD or AWAY after about `patience` seconds: the request lives on. While the ledger is away, it waits.
        """
        owner = secrets.token_hex(8)
        give_up_at = time.monotonic() + patience
        delivery = await self._claimed(letter, owner, give_up_at)
        estimated = failure is None
        if delivery is Delivery.SENT:
            async with self._lease(letter, owner):
                stored = await self._stored(letter, failure)
                reply = await self._reply(letter, stored, failure)
                estimated = isinstance(reply, PictureReply)
                seconds = letter.seconds or (stored.seconds if stored else {})
                delivery = await self._answer(replace(letter, seconds=seconds), reply, give_up_at - time.monotonic())
        if delivery not in (Delivery.HELD, Delivery.AWAY):
            await self._delete_files(letter)
        event(
            logger,
            "delivery",
            request_id=letter.request_id,
            user=letter.user,
            delivery=delivery.value,
            outcome="estimated" if estimated else "failed",
        )
        return delivery

    async def _claimed(self, letter: Letter, owner: str, give_up_at: float) -> Delivery:
        """SENT stands for a claim that was won. Long after its deadline a request without a record is answered."""
        late = time.time() > letter.deadline + GRACE
        claim = partial(self._ledger.claim, letter.request_id, owner, recorded_only=late)
        while (verdict := await persist(claim)) is Claim.HELD:
            if time.monotonic() > give_up_at:
                return Delivery.HELD
            await asyncio.sleep(HELD_PAUSE)
        return Delivery.SENT if verdict is Claim.WON else Delivery.ANSWERED

    @asynccontextmanager
    async def _lease(self, letter: Letter, owner: str) -> AsyncIterator[None]:
        """Keeps the claim while the block runs, and gives it back after."""
        renewing = asyncio.create_task(self._renew(letter, owner))
        try:
            yield
        finally:
            await end([renewing])
            with suppress(RequestStoreUnavailable):
                await self._ledger.release(letter.request_id, owner)

    async def _renew(self, letter: Letter, owner: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            with suppress(RequestStoreUnavailable):
                await self._ledger.claim(letter.request_id, owner, recorded_only=False)

    async def _answer(self, letter: Letter, reply: Reply, patience: float) -> Delivery:
        delivery = await self._sender.send(letter.address, reply, patience)
        if delivery is Delivery.REFUSED and isinstance(reply, PictureReply):
            delivery = await self._sender.send(letter.address, self._sentence(letter, GivenUp.code), patience)
        if delivery is Delivery.AWAY and time.time() < letter.deadline + MARKED:
            return delivery
        await persist(
            lambda: self._ledger.settle(
                letter.request_id, letter.user, letter.deadline, time.time(), seconds=letter.seconds
            )
        )
        return delivery if delivery is Delivery.SENT else Delivery.UNDELIVERABLE

    async def _reply(self, letter: Letter, stored: StoredOutcome | None, failure: str | None) -> Reply:
        match stored:
            case StoredOutcome(outcome=Estimated(faces=faces)):
                if (picture := await self._read(letter, Part.PICTURE, failure)) is not None:
                    return PictureReply(picture, caption(letter.address.language, faces))
            case StoredOutcome(outcome=Failed(code=code)):
                return self._sentence(letter, code)
        if failure is None:
            event(logger, "picture_missing", level=logging.WARNING, request_id=letter.request_id, user=letter.user)
        return self._sentence(letter, failure or GivenUp.code)

    def _sentence(self, letter: Letter, code: str) -> str:
        return sentence(letter.address.language, code, letter.request_id, self._figures)

    async def _stored(self, letter: Letter, failure: str | None) -> StoredOutcome | None:
        """What became of the request, if the store says so."""
        outcome = await self._read(letter, Part.OUTCOME, failure)
        try:
            return None if outcome is None else read_stored_outcome(outcome)
        except RefusedMessage:
            return None

    async def _read(self, letter: Letter, part: Part, failure: str | None) -> bytes | None:
        """The file, if it can be read; where `failure` can be told instead, a store that hangs is not waited for."""
        try:
            async with asyncio.timeout(None if failure is None else STORE_PATIENCE):
                return await asyncio.to_thread(self._store.read, letter.request_id, part)
        except (StoreUnavailable, TimeoutError):
            return None

    async def _delete_files(self, letter: Letter) -> None:
        """What cannot be deleted now is an orphan, which the reaper sweeps."""
        try:
            await asyncio.to_thread(self._store.delete, letter.request_id)
        except StoreUnavailable:
            event(logger, "files_not_deleted", level=logging.WARNING, request_id=letter.request_id, user=letter.user)


async def persist(question: Callable[[], Awaitable[Answer]]) -> Answer:
    """The ledger's answer, however long it is away."""
    while True:
        try:
            return await question()
        except RequestStoreUnavailable as error:
            event(logger, "ledger_away", level=logging.WARNING, error=str(error))
        await asyncio.sleep(LEDGER_PAUSE)
