"""What the request store keeps of a live request, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from attrai_shared.contracts import Instant, Language, ReplyAddress, RequestId, UserHash
from pydantic import BaseModel, ConfigDict

from attrai_bot.state.timings import QueueLoad

NO_MESSAGE = 0
"""The waiting message of a request that has none yet. Telegram counts messages from 1."""
UNREADABLE_ADDRESS = ReplyAddress(chat_id=0, photo_message_id=0, waiting_message_id=NO_MESSAGE, language="en")
"""Replaces an address that was encrypted under another key. Telegram has no chat 0."""


class RequestLogFields(TypedDict):
    """Fields of every log event about a request."""

    request_id: str
    user: str


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """How much is accepted at a time: live requests of one user, of all users, and the bytes that these reserve."""

    of_user: int
    of_all: int
    of_bytes: int


class LiveRequest(BaseModel):
    """An accepted request that is not answered.

    `bytes` are reserved in the photo store; `queued`: the broker has its message.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: RequestId
    user: UserHash
    chat_id: int
    photo_message_id: int
    language: Language
    bytes: int
    accepted_at: Instant
    deadline: Instant
    waiting_message_id: int = NO_MESSAGE
    queued: bool = False

    @property
    def address(self) -> ReplyAddress:
        return ReplyAddress(
            chat_id=self.chat_id,
            photo_message_id=self.photo_message_id,
            waiting_message_id=self.waiting_message_id,
            language=self.language,
        )

    @property
    def log_fields(self) -> RequestLogFields:
        return {"request_id": self.request_id, "user": self.user}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new request is live. `of_user`: the user's live requests with it; `ahead`: those accepted before it."""

    of_user: int
    ahead: QueueLoad


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The message already led to a request: its update was delivered twice.

    `request` is None once that one is answered.
    """

    request: LiveRequest | None


class Claim(StrEnum):
    """Whether the caller may answer a request.

    ANSWERED: it is answered already. HELD: somebody else is answering it.
    """

    WON = "won"
    ANSWERED = "answered"
    HELD = "held"
