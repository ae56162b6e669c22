import asyncio
import functools
from collections.abc import Callable

import pytest
from attrai_shared.errors import BrokerUnavailable, RequestStoreUnavailable, StoreUnavailable
from attrai_shared.retry import OutageRetry, RetryPolicy

MAX_WAITING = OutageRetry(RequestStoreUnavailable).max_waiting
TIMEOUT_S = OutageRetry(RequestStoreUnavailable).timeout_s
SEPARATE_AFTER_S = OutageRetry(RequestStoreUnavailable).separate_after_s
POLICY = RetryPolicy(on=(OSError,), first_pause_s=1.0, longest_pause_s=4.0)


def failing(*errors: Exception) -> Callable[[], str]:
    """A call that raises these errors one after the other, then answers."""
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return call


def repeated(policy: RetryPolicy, call: Callable[[], str]) -> tuple[str, list[float]]:
    """The answer, and the pauses before it."""
    pauses: list[float] = []
    return policy.call(call, sleep=pauses.append), pauses


def test_pauses_double_up_to_the_longest() -> None:
    assert repeated(POLICY, failing(*[OSError()] * 4)) == ("answer", [1.0, 2.0, 4.0, 4.0])


def test_jitter_cuts_a_pause_by_up_to_half() -> None:
    policy = RetryPolicy(on=(OSError,), first_pause_s=1.0, longest_pause_s=1.0, jitter=True)
    _, pauses = repeated(policy, failing(*[OSError()] * 50))
    assert len(set(pauses)) > 1
    assert all(0.5 <= pause <= 1.0 for pause in pauses)


def test_a_pause_that_the_error_asks_for_is_kept() -> None:
    policy = RetryPolicy(
        on=(OSError,), first_pause_s=1.0, longest_pause_s=1.0, asked_pause=lambda error: error.args[0] or None
    )
    assert repeated(policy, failing(OSError(7.0), OSError(0))) == ("answer", [7.0, 1.0])


def test_other_errors_are_raised_at_once() -> None:
    policy = RetryPolicy(on=(OSError,), never_on=(ConnectionError,), first_pause_s=1.0, longest_pause_s=1.0)
    for error in (ValueError(), ConnectionResetError()):
        pauses: list[float] = []
        with pytest.raises(type(error)):
            policy.call(failing(error), sleep=pauses.append)
        assert pauses == []


def test_attempts_are_limited_and_the_last_error_is_raised() -> None:
    policy = RetryPolicy(on=(OSError,), first_pause_s=1.0, longest_pause_s=1.0, max_attempts=3)
    pauses: list[float] = []
    with pytest.raises(OSError, match="third"):
        policy.call(failing(OSError("first"), OSError("second"), OSError("third")), sleep=pauses.append)
    assert len(pauses) == 2


def test_no_attempt_starts_after_the_timeout() -> None:
    policy = RetryPolicy(on=(OSError,), first_pause_s=10.0, longest_pause_s=10.0, timeout_s=5.0)
    pauses: list[float] = []
    with pytest.raises(OSError, match="only"):
        policy.call(failing(OSError("only")), sleep=pauses.append)
    assert pauses == []


def test_each_retry_is_told_with_its_pause() -> None:
    told: list[tuple[str, float]] = []
    policy = RetryPolicy(
        on=(OSError,),
        first_pause_s=1.0,
        longest_pause_s=9.0,
        on_retry=lambda error, pause: told.append((str(error), pause)),
    )
    repeated(policy, failing(OSError("one"), OSError("two")))
    assert told == [("one", 1.0), ("two", 2.0)]


async def test_an_async_call_is_retried_and_its_timeout_can_be_set() -> None:
    policy = RetryPolicy(on=(OSError,), first_pause_s=0.001, longest_pause_s=0.001, timeout_s=30.0)
    call = failing(OSError(), OSError())

    async def attempt() -> str:
        return call()

    with pytest.raises(OSError):  # noqa: PT011  # it has no text
        await policy.call_async(attempt, timeout_s=0.0)
    assert await policy.call_async(functools.partial(attempt)) == "answer"


async def test_an_error_while_it_pauses_ends_the_retries() -> None:
    async def sleep(_: float) -> None:
        raise BrokerUnavailable

    async def attempt() -> str:
        raise OSError

    with pytest.raises(BrokerUnavailable):
        await POLICY.call_async(attempt, sleep=sleep)


async def test_calls_that_run_side_by_side_do_not_disturb_each_other() -> None:
    policy = RetryPolicy(on=(OSError,), first_pause_s=0.001, longest_pause_s=0.001, max_attempts=5)

    async def attempt(call: Callable[[], str]) -> str:
        await asyncio.sleep(0)
        return call()

    calls = [failing(*[OSError()] * number) for number in range(8)]
    results = await asyncio.gather(
        *(policy.call_async(lambda call=call: attempt(call)) for call in calls),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert results[:5] == ["answer"] * 5
    assert [type(one) for one in results[5:]] == [OSError] * 3


class Server:
    """Counts its calls, and is up or away."""

    def __init__(self) -> None:
        self.calls, self.is_up = 0, False

    async def call(self) -> int:
        self.calls += 1
        if not self.is_up:
            raise RequestStoreUnavailable
        return self.calls


async def ask(retry: OutageRetry, server: Server) -> int:
    return await retry.call(server.call, request_id="a" * 32, user="b" * 32)


async def test_a_server_that_comes_back_answers_all_who_wait() -> None:
    retry, server = OutageRetry(RequestStoreUnavailable), Server()
    asking = asyncio.gather(*(ask(retry, server) for _ in range(MAX_WAITING)))
    async with asyncio.timeout(30):
        while server.calls < MAX_WAITING:
            await asyncio.sleep(0.01)
    server.is_up = True
    assert len(set(await asking)) == MAX_WAITING


async def test_the_timeout_of_an_outage_is_shared_and_the_next_outage_has_its_own() -> None:
    retry, server = OutageRetry(RequestStoreUnavailable, timeout_s=1.0), Server()
    attempts = []
    for _ in range(3):
        before = server.calls
        with pytest.raises(RequestStoreUnavailable):
            await ask(retry, server)
        attempts.append(server.calls - before)
    assert attempts[0] > 1
    assert attempts[1:] == [1, 1]
    server.is_up = True
    await ask(retry, server)
    server.is_up, before = False, server.calls
    with pytest.raises(RequestStoreUnavailable):
        await ask(retry, server)
    assert server.calls - before > 1


async def test_a_slow_first_attempt_does_not_shorten_the_wait() -> None:
    retry = OutageRetry(RequestStoreUnavailable, timeout_s=1.0, first_pause_s=0.01, longest_pause_s=0.01)
    attempts = 0

    async def attempt() -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await asyncio.sleep(1.0)
        if attempts < 3:
            raise RequestStoreUnavailable
        return attempts

    assert await retry.call(attempt, request_id="a" * 32, user="b" * 32) == 3


async def test_a_limited_number_waits_and_the_others_get_one_attempt() -> None:
    retry, server = OutageRetry(RequestStoreUnavailable), Server()
    asking = [asyncio.create_task(ask(retry, server)) for _ in range(MAX_WAITING + 5)]
    done, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert [type(one.exception()) for one in done] == [RequestStoreUnavailable] * 5
    assert len(waiting) == MAX_WAITING
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    again = asyncio.create_task(ask(retry, server))
    await asyncio.wait([again], timeout=0.05)
    assert not again.done(), "a cancelled caller still counts as waiting"
    server.is_up = True
    assert await again


async def test_an_outage_retries_no_other_error() -> None:
    async def broken() -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        await OutageRetry(RequestStoreUnavailable).call(broken, request_id="a" * 32, user="b" * 32)


def test_the_timeout_runs_from_the_first_failure_of_an_outage() -> None:
    retry = OutageRetry(RequestStoreUnavailable)
    assert retry.note_failure(0.0) == TIMEOUT_S
    assert retry.note_failure(TIMEOUT_S - 1) == 1
    assert retry.note_failure(2 * TIMEOUT_S - 2) == 2 - TIMEOUT_S
    another = 2 * TIMEOUT_S - 2 + SEPARATE_AFTER_S + 1
    assert retry.note_failure(another) == TIMEOUT_S
    retry.note_answer()
    assert retry.note_failure(another + 1) == TIMEOUT_S
