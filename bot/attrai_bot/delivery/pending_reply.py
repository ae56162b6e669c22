"""A reply on its way: whose it is, where it goes, what it says, and how its delivery went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from attrai_shared.contracts import AfterEstimate, ReplyAddress

from attrai_bot.state import LiveRequest
from attrai_bot.state.address_cipher import AddressCipher


@dataclass(frozen=True, slots=True)
class PendingReply:
    """A request to be answered. `deadline` in seconds since 1970; `seconds`: of each step of its estimate, where that is known already."""

    request_id: str
    user: str
    address: ReplyAddress
    deadline: float
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureReply:
    """The annotated picture (JPEG bytes) with its caption."""

    picture: bytes
    caption: str


Reply = PictureReply | str
"""A picture, or a sentence."""


class Delivery(StrEnum):
    """How a delivery went. After the first three nothing is left to do; after the others the request lives on."""

    SENT = "sent"
    ANSWERED = "answered"
    UNDELIVERABLE = "undeliverable"
    HELD = "held"
    AWAY = "away"
    REFUSED = "refused"


def pending_reply_of_request(request: LiveRequest) -> PendingReply:
    """The reply to a live request."""
    return PendingReply(request.request_id, request.user, request.address, request.deadline)


def pending_reply_of_message(message: AfterEstimate, cipher: AddressCipher) -> PendingReply:
    """The reply that carries an outcome. Raises RefusedMessage for an address that is not ours."""
    address = cipher.decrypt(message.reply_to, message.request_id)
    return PendingReply(message.request_id, message.user, address, message.deadline, message.seconds)
