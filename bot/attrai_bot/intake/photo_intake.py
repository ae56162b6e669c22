"""A photo's way through intake from top to bottom: check the message, admit, download, announce, publish, note.

Whatever fails after the admission ends in one place: the user is told, and everything is given back.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from aiogram import Bot, F, Router
from aiogram.types import Message
from attrai_shared.contracts import ToEstimate
from attrai_shared.errors import AttraiError, RequestStoreUnavailable
from attrai_shared.logs import event
from attrai_shared.photo_store import PhotoStore, new_request_id
from attrai_shared.retry import OutageRetry

from attrai_bot.delivery.pending_reply import PendingReply
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.attachments import Attachment, check_message
from attrai_bot.intake.chat_user import ChatUser
from attrai_bot.intake.download import download
from attrai_bot.intake.publisher import Publisher
from attrai_bot.state import Admitted, LiveRequest, QueueLoad, RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.state.eta import Throughput, wait_seconds, waiting_text
from attrai_bot.state.live_request import NO_MESSAGE
from attrai_bot.telegram.bot_api import FINAL_ERRORS
from attrai_bot.telegram.sending import call_telegram, reply_to
from attrai_bot.texts import TextParams

logger = logging.getLogger(__name__)

MESSAGE_TIMEOUT_S = 15.0
"""How long a message to the user is retried. The reaper answers a request whose failure could not be told."""
REFUSALS = (AttraiError, *FINAL_ERRORS)
"""Errors that are expected on the way; every other one is a bug."""


def photos_router() -> Router:
    """The handler of photos, and of images sent as files."""
    router = Router(name="photos")
    router.message.register(on_photo, F.photo | F.document)
    return router


async def on_photo(message: Message, chat_user: ChatUser, intake: "PhotoIntake") -> None:
    """Raises PhotoError for a message that is refused, and what `PhotoIntake.take` raises."""
    await intake.take(check_message(message), chat_user)


@dataclass(frozen=True, slots=True)
class PhotoIntake:
    """What intake needs to take a photo. `lifetime`: seconds from acceptance to deadline."""

    bot: Bot
    requests: RequestStore
    store: PhotoStore
    publisher: Publisher
    reply_service: ReplyService
    cipher: AddressCipher
    text_params: TextParams
    lifetime: float
    in_progress: set[str] = field(default_factory=set)
    request_store_retry: OutageRetry = field(default_factory=partial(OutageRetry, RequestStoreUnavailable))

    async def take(self, photo: Attachment, chat_user: ChatUser) -> None:
        """Takes a photo, or continues where an earlier delivery of the same update was cut off.

        Raises QuotaExceeded, Busy, RequestStoreUnavailable while nothing is taken. Later failures are told here.
        """
        new = _new_request(photo, chat_user, self.lifetime)
        with self._progress(new):
            request, admission = await self._admit(new)
            if admission is not None:
                with self._progress(request):
                    await self._process(request, admission, photo)

    async def _process(self, request: LiveRequest, admission: Admitted, photo: Attachment) -> None:
        try:
            if request.waiting_message_id == NO_MESSAGE:
                await download(self.bot, photo.file_id, self.store, request.request_id)
                request = await self._announce(request, admission)
            await self.publisher.publish(_to_estimate(request, self.cipher))
        except Exception as error:  # noqa: BLE001  # a bug too must not cost the user a place and an answer
            await self._give_back(request, error)
        else:
            await self._note_queued(request)

    async def _admit(self, request: LiveRequest) -> tuple[LiveRequest, Admitted | None]:
        """The request to work on. Without an admission there is nothing to do: its update was delivered before."""
        admission = await self.request_store_retry.call(
            lambda: self.requests.admit(request, time.time()), request_id=request.request_id, user=request.user
        )
        if isinstance(admission, Admitted):
            event(logger, "photo_admitted", **request.log_fields, bytes=request.bytes, ahead=admission.ahead.photos)
            return request, admission
        earlier = admission.request
        if earlier is None or earlier.queued or earlier.request_id in self.in_progress:
            return request, None
        event(logger, "photo_taken_up_again", **earlier.log_fields)
        return earlier, Admitted(of_user=1, ahead=QueueLoad())

    @contextmanager
    def _progress(self, request: LiveRequest) -> Iterator[None]:
        """Marks the request while this process works on it, so that a repeated update does not continue it too.

        It begins before the admission: the answer to a repeated update may arrive first.
        """
        self.in_progress.add(request.request_id)
        try:
            yield
        finally:
            self.in_progress.discard(request.request_id)

    async def _announce(self, request: LiveRequest, admission: Admitted) -> LiveRequest:
        """The request with its waiting message.

        While Telegram is away there is none: the reply is then a new message.
        """
        wait = wait_seconds(admission.ahead, request.bytes, await self._throughput())
        text = waiting_text(request.language, admission.ahead.photos + 1, wait, admission.of_user, self.text_params)
        message = await call_telegram(
            lambda: self.bot.send_message(request.chat_id, text, reply_parameters=reply_to(request.photo_message_id)),
            MESSAGE_TIMEOUT_S,
        )
        if message is None:
            return request
        announced = request.model_copy(update={"waiting_message_id": message.message_id})
        await _try_note(announced, self.requests.note_waiting(announced), "waiting_not_noted")
        return announced

    async def _note_queued(self, request: LiveRequest) -> None:
        event(logger, "photo_queued", **request.log_fields)
        await _try_note(request, self.requests.note_queued(request.request_id), "queued_not_noted")

    async def _give_back(self, request: LiveRequest, error: Exception) -> None:
        """Tells the failure, unless an estimator has an outcome, and gives everything back. Else the reaper does."""
        if not isinstance(error, REFUSALS):
            event(logger, "intake_failed", **request.log_fields, level=logging.ERROR, exc_info=error)
        code = error.code if isinstance(error, AttraiError) else AttraiError.code
        event(logger, "photo_not_taken", **request.log_fields, level=logging.WARNING, code=code)
        try:
            async with asyncio.timeout(2 * MESSAGE_TIMEOUT_S):
                await self.reply_service.deliver(PendingReply.of_request(request), code, MESSAGE_TIMEOUT_S)
        except TimeoutError:
            event(logger, "failure_not_told", **request.log_fields, level=logging.WARNING)

    async def _throughput(self) -> Throughput:
        try:
            return Throughput(await self.requests.replicas(time.time()), await self.requests.timings())
        except RequestStoreUnavailable:
            return Throughput(replicas=1)


async def _try_note(request: LiveRequest, note: Awaitable[None], failure_event: str) -> None:
    """Without its note, a repeated update repeats a step; the user still gets one reply."""
    try:
        await note
    except RequestStoreUnavailable as error:
        event(logger, failure_event, **request.log_fields, level=logging.WARNING, error=str(error))


def _new_request(photo: Attachment, chat_user: ChatUser, lifetime: float) -> LiveRequest:
    now = time.time()
    return LiveRequest(
        request_id=new_request_id(),
        user=chat_user.hash,
        chat_id=photo.chat_id,
        photo_message_id=photo.message_id,
        language=chat_user.language,
        bytes=photo.bytes,
        accepted_at=now,
        deadline=now + lifetime,
    )


def _to_estimate(request: LiveRequest, cipher: AddressCipher) -> ToEstimate:
    return ToEstimate(
        request_id=request.request_id,
        user=request.user,
        reply_to=cipher.encrypt(request.address, request.request_id),
        accepted_at=request.accepted_at,
        deadline=request.deadline,
    )
