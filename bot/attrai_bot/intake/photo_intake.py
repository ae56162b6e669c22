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
from attrai_shared.retry import OutageRetry

from attrai_bot.delivery.pending_reply import pending_reply_of_request
from attrai_bot.delivery.reply_sender import insist
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.attachments import Attachment
from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.download import download
from attrai_bot.intake.publisher import Publisher
from attrai_bot.state import Admitted, LiveRequest, QueueLoad, RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.state.eta import Throughput, wait_seconds, waiting_text
from attrai_bot.state.live_request import NO_MESSAGE
from attrai_bot.telegram.bot_api import FINAL
from attrai_bot.texts import TextParams

logger = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds for which telling the user something is tried; a request that could not be told of stays for the reaper."""


@dataclass(frozen=True, slots=True)
class PhotoIntake:
    """All that taking a photo in needs. `lifetime`: seconds from acceptance to deadline."""

    bot: Bot
    requests: RequestStore
    store: PhotoStore
    publisher: Publisher
    reply_service: ReplyService
    cipher: AddressCipher
    text_params: TextParams
    lifetime: float
    under_way: set[str] = field(default_factory=set)
    store_retry: OutageRetry = field(default_factory=partial(OutageRetry, RequestStoreUnavailable))

    async def take(self, sent: Attachment, chat_user: ChatUser) -> None:
        """Takes the photo in, or goes on where an earlier delivery of the same update was cut off.

        Raises QuotaExceeded, Busy, RequestStoreUnavailable before anything was taken; later failures are told here.
        """
        now = time.time()
        request = _live_request(sent, chat_user, now, now + self.lifetime)
        admission = await self.store_retry.call(
            lambda: self.requests.admit(request, time.time()), request_id=request.request_id, user=request.user
        )
        if isinstance(admission, Admitted):
            event(
                logger,
                "photo_admitted",
                request_id=request.request_id,
                user=request.user,
                bytes=request.bytes,
                ahead=admission.ahead.photos,
            )
            await self._guarded(request, sent, admission)
        elif (earlier := admission.request) and not earlier.queued and earlier.request_id not in self.under_way:
            event(logger, "photo_taken_up_again", request_id=earlier.request_id, user=earlier.user)
            await self._guarded(earlier, sent, Admitted(of_user=1, ahead=QueueLoad()))

    async def _guarded(self, request: LiveRequest, sent: Attachment, admission: Admitted) -> None:
        self.under_way.add(request.request_id)
        try:
            await self._go_on(request, sent, admission)
        finally:
            self.under_way.discard(request.request_id)

    async def _go_on(self, request: LiveRequest, sent: Attachment, admission: Admitted) -> None:
        try:
            if request.waiting_message_id == NO_MESSAGE:
                await download(self.bot, sent.file_id, self.store, request.request_id)
                request = await self._announced(request, admission)
            await self.publisher.publish(_to_estimate(request, self.cipher))
        except (AttraiError, *FINAL) as error:
            await self._give_back(request, error)
            return
        except Exception as error:  # noqa: BLE001  # a bug must not cost the user a place and an answer
            event(
                logger,
                "intake_failed",
                level=logging.ERROR,
                exc_info=error,
                request_id=request.request_id,
                user=request.user,
            )
            await self._give_back(request, error)
            return
        event(logger, "photo_queued", request_id=request.request_id, user=request.user)
        await self._noted(request, "queued_not_noted", self.requests.note_queued(request.request_id))

    async def _announced(self, request: LiveRequest, admission: Admitted) -> LiveRequest:
        """The record with its waiting message; without one when Telegram is away: the reply then is a new message."""
        wait = wait_seconds(admission.ahead, request.bytes, await self._throughput())
        text = waiting_text(request.language, admission.ahead.photos + 1, wait, admission.of_user, self.text_params)
        below = ReplyParameters(message_id=request.photo_message_id, allow_sending_without_reply=True)
        message = await insist(lambda: self.bot.send_message(request.chat_id, text, reply_parameters=below), PATIENCE)
        if message is None:
            return request
        request = request.model_copy(update={"waiting_message_id": message.message_id})
        await self._noted(request, "waiting_not_noted", self.requests.note_waiting(request))
        return request

    async def _noted(self, request: LiveRequest, otherwise: str, note: Awaitable[None]) -> None:
        """Without its note an update delivered again repeats a step, which ends in the same one reply."""
        try:
            await note
        except RequestStoreUnavailable as error:
            event(
                logger,
                otherwise,
                level=logging.WARNING,
                request_id=request.request_id,
                user=request.user,
                error=str(error),
            )

    async def _give_back(self, request: LiveRequest, error: Exception) -> None:
        """Tells what failed, unless an estimator is done all the same, and gives everything back; else the reaper does."""
        code = error.code if isinstance(error, AttraiError) else AttraiError.code
        event(
            logger,
            "photo_not_taken",
            level=logging.WARNING,
            request_id=request.request_id,
            user=request.user,
            code=code,
        )
        try:
            async with asyncio.timeout(2 * PATIENCE):
                await self.reply_service.deliver(pending_reply_of_request(request), code, PATIENCE)
        except TimeoutError:
            event(logger, "failure_not_told", level=logging.WARNING, request_id=request.request_id, user=request.user)

    async def _throughput(self) -> Throughput:
        try:
            return Throughput(await self.requests.replicas(time.time()), await self.requests.timings())
        except RequestStoreUnavailable:
            return Throughput(replicas=1)


def _live_request(sent: Attachment, chat_user: ChatUser, accepted_at: float, deadline: float) -> LiveRequest:
    return LiveRequest(
        request_id=new_request_id(),
        user=chat_user.hash,
        chat_id=sent.chat_id,
        photo_message_id=sent.message_id,
        language=chat_user.language,
        bytes=sent.bytes,
        accepted_at=accepted_at,
        deadline=deadline,
    )


def _to_estimate(request: LiveRequest, cipher: AddressCipher) -> ToEstimate:
    return ToEstimate(
        request_id=request.request_id,
        user=request.user,
        reply_to=cipher.encrypt(request.address, request.request_id),
        accepted_at=request.accepted_at,
        deadline=request.deadline,
    )
