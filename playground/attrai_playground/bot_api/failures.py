"""Failures that a test orders for the bot's next calls."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EVERY_METHOD = "*"
DOWNLOAD = "file"
"""The name of file downloads. aiohttp's client repeats a GET once when a kept connection is cut: cut two downloads to
break one."""


class Failure(BaseModel):
    """What happens to calls of `method` for `chat_id` (None: any), `times` times (None: until cleared).

    First the call waits for `delay` seconds. Then `cut` closes the connection without an answer, before or after the
    effect; or `code` (403, 429, 500, 502 and so on) is the answer and nothing is done, with `retry_after` for 429, as
    an HTML page if `as_html`. Without either the call proceeds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = EVERY_METHOD
    chat_id: int | None = None
    times: int | None = Field(default=1, ge=1)
    code: int | None = Field(default=None, ge=400, le=599)
    description: str = ""
    retry_after: int | None = Field(default=None, ge=1)
    as_html: bool = False
    cut: Literal["before", "after"] | None = None
    delay: float = Field(default=0, ge=0, le=600)

    def applies_to(self, method: str, chat_id: int | None) -> bool:
        return self.method.lower() in (EVERY_METHOD, method.lower()) and self.chat_id in (None, chat_id)


class FailureQueue:
    """Ordered failures. Each call uses the first that applies to it."""

    def __init__(self) -> None:
        self._orders: list[Failure] = []

    def order(self, failure: Failure) -> None:
        self._orders.append(failure)

    def clear(self) -> None:
        self._orders.clear()

    def pending(self) -> tuple[Failure, ...]:
        return tuple(self._orders)

    def next_for(self, method: str, chat_id: int | None) -> Failure | None:
        for index, failure in enumerate(self._orders):
            if failure.applies_to(method, chat_id):
                self._use(index, failure)
                return failure
        return None

    def _use(self, index: int, failure: Failure) -> None:
        if failure.times is None:
            return
        left = [failure.model_copy(update={"times": failure.times - 1})] if failure.times > 1 else []
        self._orders[index : index + 1] = left
