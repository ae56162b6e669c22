"""A reply on its way: whose it is, where it goes, what it says, and how its delivery went."""

from dataclasses import dataclass
from enum import StrEnum

from attrai_shared.contracts import AfterEstimate, ReplyAddress

from attrai_bot.quotas import Record


@dataclass(frozen=True, slots=True)
class Letter:
    """A request to be answered. `deadline` in seconds since 1970."""

    request_id: str
    user: str
    address: ReplyAddress
    deadline: float


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


def letter_of_record(record: Record) -> Letter:
    """The letter to a live request."""
    return Letter(record.request_id, record.user, record.address, record.deadline)


def letter_of_message(message: AfterEstimate) -> Letter:
    """The letter that carries an outcome."""
    return Letter(message.request_id, message.user, message.reply_to, message.deadline)
