"""A reply that is still to be delivered, what it says, and how its delivery ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from attrai_shared.contracts import AfterEstimate, ReplyAddress

from attrai_bot.state import LiveRequest
from attrai_bot.state.address_cipher import AddressCipher


@dataclass(frozen=True, slots=True)
class PendingReply:
    """Which request is answered, and where.

    `deadline`: seconds since 1970; `seconds`: of each estimate step, if known.
    """

    request_id: str
    user: str
    address: ReplyAddress
    deadline: float
    seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of_request(cls, request: LiveRequest) -> Self:
        return cls(request.request_id, request.user, request.address, request.deadline)

    @classmethod
    def of_message(cls, message: AfterEstimate, cipher: AddressCipher) -> Self:
        """Raises RefusedMessage for an address that this bot did not encrypt."""
        address = cipher.decrypt(message.reply_to, message.request_id)
        return cls(message.request_id, message.user, address, message.deadline, message.seconds)


@dataclass(frozen=True, slots=True)
class PictureReply:
    """The annotated picture (JPEG bytes) with its caption."""

    picture: bytes
    caption: str


Reply = PictureReply | str
"""A picture, or a sentence."""


class SendResult(StrEnum):
    """How sending a reply ended.

    UNDELIVERABLE: nobody can be reached there. REFUSED: Telegram does not take this reply.
    """

    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    REFUSED = "refused"
    AWAY = "away"


class Delivery(StrEnum):
    """How a delivery ended. ANSWERED: the request was answered before. HELD: another delivery has the claim."""

    SENT = "sent"
    ANSWERED = "answered"
    UNDELIVERABLE = "undeliverable"
    HELD = "held"
    AWAY = "away"

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to do; otherwise the request stays live."""
        return self not in (Delivery.HELD, Delivery.AWAY)
