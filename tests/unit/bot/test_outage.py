import asyncio

import pytest
from attrai_bot.intake import outage as outage_module
from attrai_bot.intake.outage import APART, AT_ONCE, PATIENCE, Outage
from attrai_shared.errors import RequestStoreUnavailable


class Server:
    """Counts its calls, and is there or away."""

    def __init__(self) -> None:
        self.calls, self.there = 0, False

    async def call(self) -> int:
        self.calls += 1
        if not self.there:
            raise RequestStoreUnavailable
        return self.calls


async def ask(outage: Outage, server: Server) -> int:
    return await outage.waited_out(server.call, request_id="a" * 32, user="b" * 32)


async def test_a_server_that_comes_back_answers_all_who_wait() -> None:
    outage, server = Outage(RequestStoreUnavailable), Server()
    asking = asyncio.gather(*(ask(outage, server) for _ in range(AT_ONCE)))
    async with asyncio.timeout(30):
        while server.calls < AT_ONCE:
            await asyncio.sleep(0.01)
    server.there = True
    assert len(set(await asking)) == AT_ONCE


async def test_a_long_outage_is_waited_out_once_and_the_next_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage_module, "PATIENCE", 1.0)
    outage, server = Outage(RequestStoreUnavailable), Server()
    attempts = []
    for _ in range(3):
        before = server.calls
        with pytest.raises(RequestStoreUnavailable):
            await ask(outage, server)
        attempts.append(server.calls - before)
    assert attempts[0] > 1
    assert attempts[1:] == [1, 1]
    server.there = True
    await ask(outage, server)
    server.there, before = False, server.calls
    with pytest.raises(RequestStoreUnavailable):
        await ask(outage, server)
    assert server.calls - before > 1


async def test_only_so_many_wait_and_the_others_are_told_at_once() -> None:
    outage, server = Outage(RequestStoreUnavailable), Server()
    asking = [asyncio.create_task(ask(outage, server)) for _ in range(AT_ONCE + 5)]
    done, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert [type(one.exception()) for one in done] == [RequestStoreUnavailable] * 5
    assert len(waiting) == AT_ONCE
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    server.there = True
    assert await ask(outage, server)


async def test_other_errors_are_not_waited_out() -> None:
    async def broken() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # it has no text
        await Outage(RequestStoreUnavailable).waited_out(broken, request_id="a" * 32, user="b" * 32)


def test_patience_lasts_from_the_first_failure_and_is_new_for_another_outage() -> None:
    outage = Outage(RequestStoreUnavailable)
    assert outage.failed(0.0) == PATIENCE
    assert outage.failed(PATIENCE - 1) == 1
    assert outage.failed(2 * PATIENCE - 2) == 2 - PATIENCE
    another = 2 * PATIENCE - 2 + APART + 1
    assert outage.failed(another) == PATIENCE
    outage.end()
    assert outage.failed(another + 1) == PATIENCE
