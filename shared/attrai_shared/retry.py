"""Retries, on tenacity. A `RetryPolicy` belongs to one kind of call; an `OutageRetry` shares its timeout among callers.

Not on stamina, which wraps tenacity: it takes no custom stop condition, and a shared timeout needs one.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from tenacity import (
    AsyncRetrying,
    Future,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
    stop_never,
    wait_exponential,
)
from tenacity.stop import stop_base

from attrai_shared.errors import AttraiError
from attrai_shared.logs import event

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
NEVER = float("-inf")


def _no_pause_asked(_: BaseException) -> float | None:
    return None


def _ignore(_: BaseException, __: float) -> None:
    return None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Which errors are retried, after which pauses, and until when. The last error is raised when retries end.

    Pauses double from `first_pause_s` to `longest_pause_s`; with `jitter` each is cut by up to half at random.
    No attempt starts later than `timeout_s` after the first. `asked_pause` reads the pause that an error asks for.
    `on_retry` is called with the error and the pause before each pause.
    """

    on: tuple[type[Exception], ...]
    first_pause_s: float
    longest_pause_s: float
    never_on: tuple[type[Exception], ...] = ()
    max_attempts: int | None = None
    timeout_s: float | None = None
    jitter: bool = False
    asked_pause: Callable[[BaseException], float | None] = _no_pause_asked
    on_retry: Callable[[BaseException, float], None] = _ignore

    def call(self, attempt: Callable[[], Result], *, sleep: Callable[[float], Any] = time.sleep) -> Result:
        """What `attempt` returns, retried by this policy. `sleep` may end a pause early."""
        return Retrying(sleep=sleep, **self._rules())(attempt)

    async def call_async(
        self,
        attempt: Callable[[], Awaitable[Result]],
        *,
        timeout_s: float | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> Result:
        """What `attempt` returns, retried by this policy, or by another `timeout_s`.

        An error in `sleep` ends the retries.
        """

        async def attempt_once() -> Result:  # tenacity awaits coroutine functions alone, no lambdas
            return await attempt()

        return await AsyncRetrying(sleep=sleep, **self._rules(timeout_s))(attempt_once)

    def _rules(self, timeout_s: float | None = None) -> dict[str, Any]:
        return {
            "retry": retry_if_exception(self._is_retried),
            "wait": self._pause,
            "stop": self._stop(self.timeout_s if timeout_s is None else timeout_s),
            "before_sleep": self._tell,
            "reraise": True,
        }

    def _is_retried(self, error: BaseException) -> bool:
        return isinstance(error, self.on) and not isinstance(error, self.never_on)

    def _pause(self, state: RetryCallState) -> float:
        asked = self.asked_pause(_error(state))
        if asked is not None:
            return asked
        pause = wait_exponential(multiplier=self.first_pause_s, max=self.longest_pause_s)(state)
        return pause * random.uniform(0.5, 1.0) if self.jitter else pause  # noqa: S311  # jitter is no secret

    def _stop(self, timeout_s: float | None) -> stop_base:
        attempts = stop_never if self.max_attempts is None else stop_after_attempt(self.max_attempts)
        return stop_any(attempts, stop_never if timeout_s is None else stop_before_delay(timeout_s))

    def _tell(self, state: RetryCallState) -> None:
        self.on_retry(_error(state), state.upcoming_sleep)


@dataclass(slots=True)
class OutageRetry:
    """Retries while one server is away, so that its restart costs no request. `error`: what a call raises meanwhile.

    The timeout runs from the first failure. All callers share it: once it expires, each caller gets one attempt until
    the server answers. At most `max_waiting` callers wait; more than that get one attempt too.
    """

    error: type[AttraiError]
    timeout_s: float = 60.0
    """RabbitMQ restarts in 10 to 40 s, Redis in 5 to 10 s."""
    separate_after_s: float = 120.0
    """Two failures that lie further apart, with no answer between, belong to two outages. Longer than one attempt."""
    max_waiting: int = 32
    """Half of the bot's handlers: the others answer other messages meanwhile."""
    first_pause_s: float = 0.25
    longest_pause_s: float = 2.0
    _began: float = NEVER
    _last: float = NEVER
    _waiting: int = 0

    async def call(self, attempt: Callable[[], Awaitable[Result]], *, request_id: str, user: str) -> Result:
        """What `attempt` returns. Raises `error` when the timeout is over or too many wait."""

        async def attempt_once() -> Result:
            return await attempt()

        with ExitStack() as waiting:
            retrying = AsyncRetrying(
                retry=retry_if_exception(lambda error: isinstance(error, self.error)),
                wait=wait_exponential(multiplier=self.first_pause_s, max=self.longest_pause_s),
                stop=self._is_over,
                before_sleep=partial(self._start_waiting, waiting, request_id, user),
                reraise=True,
            )
            result: Result = await retrying(attempt_once)
        self.note_answer()
        return result

    def note_failure(self, now: float) -> float:
        """Seconds that callers may still wait after a failure at `now` (any clock); negative when time is up."""
        if now - self._last > self.separate_after_s:
            self._began = now
        self._last = now
        return self._began + self.timeout_s - now

    def note_answer(self) -> None:
        """The server answered: the next failure begins another outage."""
        self._began = self._last = NEVER

    def _is_over(self, state: RetryCallState) -> bool:
        now = time.monotonic()
        left = self.note_failure(now)
        if state.attempt_number == 1:
            state.start_time = now  # a caller's timeout, as an outage's, runs from the first failure
            return left <= 0 or self._waiting >= self.max_waiting
        return left <= 0 or now - state.start_time > self.timeout_s

    def _start_waiting(self, waiting: ExitStack, request_id: str, user: str, state: RetryCallState) -> None:
        if state.attempt_number > 1:
            return
        event(
            logger, "server_waited_for", level=logging.WARNING, request_id=request_id, user=user, code=self.error.code
        )
        self._waiting += 1
        waiting.callback(self._stop_waiting)

    def _stop_waiting(self) -> None:
        self._waiting -= 1


def _error(state: RetryCallState) -> BaseException:
    """The error of an attempt that failed; tenacity pauses after no other."""
    return cast(BaseException, cast(Future, state.outcome).exception())
