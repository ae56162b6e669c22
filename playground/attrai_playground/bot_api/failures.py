"""FailureQueue that a test orders: what the next calls of the bot meet."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EVERY_METHOD = "*"
DOWNLOAD = "file"
"""The name by which a download of a file is ordered to fail. aiohttp's client asks again by itself, once, when a
connection that it kept is cut during a GET: cut two downloads to break one."""


class Failure(BaseModel):
    """What happens to calls of `method` for `chat_id` (None: any), `times` times (None: until cleared).

    First the call is held for `delay` seconds. Then: `cut` closes the connection without an answer, before the effect
    or after it; `code` (403, 429, 500, 502 and so on) is answered instead of the effect, with `retry_after` for 429, as
    a page of HTML if `as_html`. With none of them the call goes on as usual.
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

    def fits(self, method: str, chat_id: int | None) -> bool:
        return self.method.lower() in (EVERY_METHOD, method.lower()) and self.chat_id in (None, chat_id)


class FailureQueue:
    """Orders in the order given; the first that fits is used up once for each call."""

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
            if failure.fits(method, chat_id):
                self._use(index, failure)
                return failure
        return None

    def _use(self, index: int, failure: Failure) -> None:
        if failure.times is None:
            return
        left = [failure.model_copy(update={"times": failure.times - 1})] if failure.times > 1 else []
        self._orders[index : index + 1] = left
