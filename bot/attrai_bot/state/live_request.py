"""What the request store stores and answers."""

from dataclasses import dataclass
from enum import StrEnum

from attrai_shared.contracts import Instant, Language, ReplyAddress, RequestId, UserHash
from pydantic import BaseModel, ConfigDict

from attrai_bot.state.timings import QueueLoad

NO_MESSAGE = 0
"""The waiting message of a request that has none yet; Telegram counts messages from 1."""
NOBODY = ReplyAddress(chat_id=0, photo_message_id=0, waiting_message_id=NO_MESSAGE, language="en")
"""Stands for an address that was sealed under another key; Telegram numbers no chat 0."""


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """How much is taken at a time: live requests of a user, live requests of all, bytes that these reserve."""

    of_user: int
    of_all: int
    of_bytes: int


class LiveRequest(BaseModel):
    """A live request. `bytes` are reserved for it in the photo store; `queued` once the broker has its message."""

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


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new request was entered. `of_user`: the user's live requests with it; `ahead`: those accepted before it."""

    of_user: int
    ahead: QueueLoad


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The message led to a request before (an update delivered twice). `record` is absent once that one is answered."""

    request: LiveRequest | None


class Claim(StrEnum):
    """Whether one may answer a request: yes, it has been answered, or somebody is at it at this moment."""

    WON = "won"
    ANSWERED = "answered"
    HELD = "held"
