"""The messages that services exchange: frozen, versioned, and refused with any field that their version does not know.

A reader accepts its own version and the one before; consumers are updated before producers. From version 2 on, no
message holds a chat id or a score, because brokers keep messages on disk.
"""

import json
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from attrai_shared.errors import RefusedMessage

RequestId = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{32}\z")]
UserHash = Annotated[str, StringConstraints(pattern=r"\A[0-9a-f]{32}\z")]
Code = Annotated[str, StringConstraints(pattern=r"\A[a-z_]{1,40}\z")]
Seconds = Annotated[float, Field(ge=0)]
Instant = Annotated[float, Field(gt=0)]
"""Seconds since 1970 in UTC."""
Language = Literal["en", "ru"]
Message = TypeVar("Message", bound="Contract")
MAX_REPORTED_FAULTS = 5
"""Of one refused message. A forged one may have thousands."""


class Contract(BaseModel):
    """The base of everything that services exchange."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ReplyAddress(Contract):
    """Where the reply goes: the chat, the photo's message, the waiting message below it, the user's language."""

    chat_id: int
    photo_message_id: int
    waiting_message_id: int
    language: Language


SealedAddress = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9_-]{72}\z")]
"""A ReplyAddress that the bot encrypted for one request, always of the same length. Other services pass it on."""
Address = SealedAddress | ReplyAddress
"""Version 1 messages hold a ReplyAddress, later ones a SealedAddress."""


class ToEstimate(Contract):
    """Estimate the photo in the store under `request_id`."""

    version: Literal[1, 2] = 2
    request_id: RequestId
    user: UserHash
    reply_to: Address
    accepted_at: Instant
    deadline: Instant


class AfterEstimate(Contract):
    """A request is done: its picture and outcome are in the store, or `failure` is the error's code.

    `seconds`: of each step; `queue_seconds`: from acceptance to the start of the work.
    """

    version: Literal[2] = 2
    request_id: RequestId
    user: UserHash
    reply_to: Address
    deadline: Instant
    failure: Code | None
    seconds: dict[Code, Seconds] = Field(default_factory=dict)
    queue_seconds: Seconds = 0.0


class FaceScore(Contract):
    """One face of the picture, in the order drawn. A face with `reasons` (codes) is shown without its score."""

    score: Annotated[float, Field(ge=1, le=10)]
    reasons: tuple[Code, ...] = ()


class Estimated(Contract):
    """The annotated picture is in the store under the request's id."""

    kind: Literal["estimated"] = "estimated"
    faces: Annotated[tuple[FaceScore, ...], Field(min_length=1)]


class Failed(Contract):
    """There is no picture. `code`: the error's code and the key of the user's sentence."""

    kind: Literal["failed"] = "failed"
    code: Code


Outcome = Annotated[Estimated | Failed, Field(discriminator="kind")]


class StoredOutcome(Contract):
    """The store's file beside the picture, deleted with it. Scores exist only here. Seconds as in AfterEstimate."""

    version: Literal[2] = 2
    outcome: Outcome
    seconds: dict[Code, Seconds] = Field(default_factory=dict)
    queue_seconds: Seconds = 0.0


class AfterEstimate1(Contract):
    """Version 1 of AfterEstimate, also the stored outcome of that version."""

    version: Literal[1]
    request_id: RequestId
    user: UserHash
    reply_to: ReplyAddress
    deadline: Instant
    outcome: Outcome
    seconds: dict[Code, Seconds] = Field(default_factory=dict)
    queue_seconds: Seconds = 0.0


def read_to_estimate(payload: object) -> ToEstimate:
    """The message of a `to_estimate` task. Raises RefusedMessage, which names fields and never quotes a value."""
    return read_message(ToEstimate, payload)


def read_after_estimate(payload: object) -> AfterEstimate:
    """The message of an `after_estimate` task. Raises RefusedMessage, which names fields and never quotes a value."""
    if _is_version_1(payload):
        return _upgraded(read_message(AfterEstimate1, payload))
    return read_message(AfterEstimate, payload)


def read_stored_outcome(data: bytes) -> StoredOutcome:
    """The content of an outcome's file. Raises RefusedMessage, which names fields and never quotes a value."""
    try:
        payload = json.loads(data)
    except ValueError:
        raise RefusedMessage("StoredOutcome: not JSON") from None
    if _is_version_1(payload):
        return _stored(read_message(AfterEstimate1, payload))
    return read_message(StoredOutcome, payload)


def read_message(contract: type[Message], payload: object) -> Message:
    """The payload as that contract. Raises RefusedMessage, which names fields and never quotes a value."""
    try:
        return contract.model_validate(payload)
    except ValidationError as error:
        raise RefusedMessage(f"{contract.__name__}: {_faults(error)}") from None


def _is_version_1(payload: object) -> bool:
    return isinstance(payload, dict) and payload.get("version") == 1


def _upgraded(old: AfterEstimate1) -> AfterEstimate:
    """Without the faces, which are read from the store."""
    return AfterEstimate(
        request_id=old.request_id,
        user=old.user,
        reply_to=old.reply_to,
        deadline=old.deadline,
        failure=old.outcome.code if isinstance(old.outcome, Failed) else None,
        seconds=old.seconds,
        queue_seconds=old.queue_seconds,
    )


def _stored(old: AfterEstimate1) -> StoredOutcome:
    return StoredOutcome(outcome=old.outcome, seconds=old.seconds, queue_seconds=old.queue_seconds)


def _faults(error: ValidationError) -> str:
    """Place and type of the first faults. Unknown field names are not repeated."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{_fault_path(fault['loc'])}: {fault['type']}" for fault in faults[:MAX_REPORTED_FAULTS])


def _fault_path(location: tuple[int | str, ...]) -> str:
    known = _field_names(Contract)
    return ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in location)


def _field_names(contract: type[Contract]) -> set[str]:
    return set(contract.model_fields).union(*map(_field_names, contract.__subclasses__()))
