"""How a photo is taken in, from quota to queue; whatever fails on the way, the user is told and all is given back."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial

from aiogram import Bot
from aiogram.types import ReplyParameters
from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import AttraiError, RequestStoreUnavailable
from attrai_shared.logs import event
from attrai_shared.photo_store import PhotoStore, new_request_id

from attrai_bot.forecast import Pace, wait_seconds, waiting_text
from attrai_bot.intake.attachments import Attachment
from attrai_bot.intake.download import download
from attrai_bot.intake.outage import Outage
from attrai_bot.intake.people import Person
from attrai_bot.intake.publisher import Publisher
from attrai_bot.quotas import Admitted, Ledger, Load, Record
from attrai_bot.quotas.records import NO_MESSAGE
from attrai_bot.replies.courier import Courier
from attrai_bot.replies.letter import letter_of_record
from attrai_bot.replies.sender import insist
from attrai_bot.seal import Seal
from attrai_bot.telegram import FINAL
from attrai_bot.texts import Figures

logger = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds for which telling the user something is tried; a request that could not be told of stays for the reaper."""


@dataclass(frozen=True, slots=True)
class Intake:
    """All that taking a photo in needs. `lifetime`: seconds from acceptance to deadline."""

    bot: Bot
    ledger: Ledger
    store: PhotoStore
    publisher: Publisher
    courier: Courier
    seal: Seal
    figures: Figures
    lifetime: float
    under_way: set[str] = field(default_factory=set)
    ledger_outage: Outage = field(default_factory=partial(Outage, RequestStoreUnavailable))

    async def take(self, sent: Attachment, person: Person) -> None:
        """Takes the photo in, or goes on where an earlier delivery of the same update was cut off.

        Raises QuotaExceeded, Busy, RequestStoreUnavailable before anything was taken; later failures are told here.
        """
        now = time.time()
        record = _record(sent, person, now, now + self.lifetime)
        admission = await self.ledger_outage.waited_out(
            lambda: self.ledger.admit(record, time.time()), request_id=record.request_id, user=record.user
        )
        if isinstance(admission, Admitted):
            event(
                logger,
                "photo_admitted",
                request_id=record.request_id,
                user=record.user,
                bytes=record.bytes,
                ahead=admission.ahead.photos,
            )
            await self._guarded(record, sent, admission)
        elif (earlier := admission.record) and not earlier.queued and earlier.request_id not in self.under_way:
            event(logger, "photo_taken_up_again", request_id=earlier.request_id, user=earlier.user)
            await self._guarded(earlier, sent, Admitted(of_user=1, ahead=Load()))

    async def _guarded(self, record: Record, sent: Attachment, admission: Admitted) -> None:
        self.under_way.add(record.request_id)
        try:
            await self._go_on(record, sent, admission)
        finally:
            self.under_way.discard(record.request_id)

    async def _go_on(self, record: Record, sent: Attachment, admission: Admitted) -> None:
        try:
            if record.waiting_message_id == NO_MESSAGE:
                await download(self.bot, sent.file_id, self.store, record.request_id)
                record = await self._announced(record, admission)
            await self.publisher.publish(_to_estimate(record, self.seal))
        except (AttraiError, *FINAL) as error:
            await self._give_back(record, error)
            return
        except Exception as error:  # noqa: BLE001  # a bug must not cost the user a place and an answer
            event(
                logger,
                "intake_failed",
                level=logging.ERROR,
                exc_info=error,
                request_id=record.request_id,
                user=record.user,
            )
            await self._give_back(record, error)
            return
        event(logger, "photo_queued", request_id=record.request_id, user=record.user)
        await self._noted(record, "queued_not_noted", self.ledger.note_queued(record.request_id))

    async def _announced(self, record: Record, admission: Admitted) -> Record:
        """The record with its waiting message; without one when Telegram is away: the reply then is a new message."""
        wait = wait_seconds(admission.ahead, record.bytes, await self._pace())
        text = waiting_text(record.language, admission.ahead.photos + 1, wait, admission.of_user, self.figures)
        below = ReplyParameters(message_id=record.photo_message_id, allow_sending_without_reply=True)
        message = await insist(lambda: self.bot.send_message(record.chat_id, text, reply_parameters=below), PATIENCE)
        if message is None:
            return record
        record = record.model_copy(update={"waiting_message_id": message.message_id})
        await self._noted(record, "waiting_not_noted", self.ledger.note_waiting(record))
        return record

    async def _noted(self, record: Record, otherwise: str, note: Awaitable[None]) -> None:
        """Without its note an update delivered again repeats a step, which ends in the same one reply."""
        try:
            await note
        except RequestStoreUnavailable as error:
            event(
                logger,
                otherwise,
                level=logging.WARNING,
                request_id=record.request_id,
                user=record.user,
                error=str(error),
            )

    async def _give_back(self, record: Record, error: Exception) -> None:
        """Tells what failed, unless an estimator is done all the same, and gives everything back; else the reaper does."""
        code = error.code if isinstance(error, AttraiError) else AttraiError.code
        event(
            logger, "photo_not_taken", level=logging.WARNING, request_id=record.request_id, user=record.user, code=code
        )
        try:
            async with asyncio.timeout(2 * PATIENCE):
                await self.courier.deliver(letter_of_record(record), code, PATIENCE)
        except TimeoutError:
            event(logger, "failure_not_told", level=logging.WARNING, request_id=record.request_id, user=record.user)

    async def _pace(self) -> Pace:
        try:
            return Pace(await self.ledger.replicas(time.time()), await self.ledger.timings())
        except RequestStoreUnavailable:
            return Pace(replicas=1)


def _record(sent: Attachment, person: Person, accepted_at: float, deadline: float) -> Record:
    return Record(
        request_id=new_request_id(),
        user=person.user,
        chat_id=sent.chat_id,
        photo_message_id=sent.message_id,
        language=person.language,
        bytes=sent.bytes,
        accepted_at=accepted_at,
        deadline=deadline,
    )


def _to_estimate(record: Record, seal: Seal) -> ToEstimate:
    return ToEstimate(
        request_id=record.request_id,
        user=record.user,
        reply_to=seal.close(record.address, record.request_id),
        accepted_at=record.accepted_at,
        deadline=record.deadline,
    )
