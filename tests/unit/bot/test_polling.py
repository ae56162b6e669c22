import asyncio
import dataclasses
from collections.abc import Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramConflictError, TelegramUnauthorizedError
from aiogram.types import Update
from attrai_bot.intake import polling
from attrai_bot.intake.polling import Poller

from tests.unit.bot.telegram_double import FakeTelegram, network


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "REPOLL_PAUSE_S", 0.01)
    monkeypatch.setattr(polling, "POLL_RETRY", dataclasses.replace(polling.POLL_RETRY, first_pause_s=0.01))
    monkeypatch.setattr(polling, "HANDLER_DRAIN_TIMEOUT_S", 0.3)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


def served(telegram: FakeTelegram, *numbers: int) -> None:
    telegram.updates.update({number: Update(update_id=number) for number in numbers})


async def finished(running: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(20):
        await running


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not check():
            await asyncio.sleep(0.001)


async def test_handled_updates_are_confirmed_at_stop(bot: Bot, telegram: FakeTelegram, stop: asyncio.Event) -> None:
    handled: list[int] = []

    async def handle(update: Update) -> None:
        handled.append(update.update_id)
        if update.update_id == 6:
            stop.set()

    served(telegram, 5, 6)
    await finished(asyncio.create_task(Poller(bot, handle).run(stop)))
    assert sorted(handled) == [5, 6]
    assert telegram.updates == {}


async def test_an_update_is_not_confirmed_while_its_handler_runs(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event
) -> None:
    go_on, handled = asyncio.Event(), []

    async def handle(update: Update) -> None:
        if update.update_id == 5:
            await go_on.wait()
        handled.append(update.update_id)

    served(telegram, 5, 6)
    running = asyncio.create_task(Poller(bot, handle).run(stop))
    await until(lambda: handled == [6] and len(telegram.offsets) > 5)
    assert set(telegram.updates) == {5, 6}
    served(telegram, 7)
    await until(lambda: handled == [6, 7])
    go_on.set()
    await until(lambda: telegram.updates == {})
    stop.set()
    await finished(running)
    assert handled == [6, 7, 5]


async def test_a_stop_waits_for_handlers(bot: Bot, telegram: FakeTelegram, stop: asyncio.Event) -> None:
    started, handled = asyncio.Event(), []

    async def handle(update: Update) -> None:
        started.set()
        await stop.wait()
        await asyncio.sleep(0.05)
        handled.append(update.update_id)

    served(telegram, 5)
    running = asyncio.create_task(Poller(bot, handle).run(stop))
    await started.wait()
    stop.set()
    await finished(running)
    assert handled == [5]
    assert telegram.updates == {}


async def test_a_handler_that_is_too_slow_leaves_its_update_unconfirmed(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event
) -> None:
    started = asyncio.Event()

    async def handle(update: Update) -> None:
        if update.update_id == 6:
            started.set()
            await asyncio.Event().wait()

    served(telegram, 5, 6, 7)
    running = asyncio.create_task(Poller(bot, handle).run(stop))
    await started.wait()
    await until(lambda: 5 not in telegram.updates)
    stop.set()
    await finished(running)
    assert set(telegram.updates) == {6, 7}


async def test_a_stop_interrupts_an_open_poll(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = asyncio.Event()

    async def hold(*_: object, **__: object) -> list[Update]:
        polled.set()
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(bot, "get_updates", hold)
    running = asyncio.create_task(Poller(bot, _never).run(stop))
    await polled.wait()
    stop.set()
    await finished(running)


@pytest.mark.parametrize(
    "error", [network, lambda method: TelegramConflictError(method, "Conflict: terminated by other getUpdates request")]
)
async def test_polling_survives_temporary_errors(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event, error: Callable[[object], Exception]
) -> None:
    async def handle(update: Update) -> None:
        stop.set()

    telegram.order("GetUpdates", error, error)
    served(telegram, 5)
    await finished(asyncio.create_task(Poller(bot, handle).run(stop)))
    assert telegram.updates == {}


async def test_a_wrong_token_ends_polling(bot: Bot, telegram: FakeTelegram, stop: asyncio.Event) -> None:
    telegram.order("GetUpdates", lambda method: TelegramUnauthorizedError(method, "Unauthorized"))
    with pytest.raises(TelegramUnauthorizedError):
        await Poller(bot, _never).run(stop)


async def test_the_number_of_running_handlers_is_limited(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "MAX_HANDLERS", 3)
    running, most, handled = 0, 0, 0

    async def handle(update: Update) -> None:
        nonlocal running, most, handled
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        handled += 1
        if handled == 20:
            stop.set()

    served(telegram, *range(1, 21))
    await finished(asyncio.create_task(Poller(bot, handle).run(stop)))
    assert (most, handled) == (3, 20)


async def _never(update: Update) -> None:
    raise AssertionError("nothing was served")


@pytest.mark.logs_errors
async def test_an_unreadable_update_does_not_block_others(
    bot: Bot, telegram: FakeTelegram, stop: asyncio.Event
) -> None:
    handled: list[int] = []

    async def handle(update: Update) -> None:
        handled.append(update.update_id)
        stop.set()

    answer = {"ok": True, "result": [{"update_id": 5, "message": "of tomorrow"}, {"update_id": 6}]}
    telegram.order("GetUpdates", lambda _: ClientDecodeError("Failed to decode", ValueError(), answer))
    served(telegram, 5, 6)
    await finished(asyncio.create_task(Poller(bot, handle).run(stop)))
    assert handled == [6]
    assert telegram.updates == {}
