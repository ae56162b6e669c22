import asyncio
import dataclasses
import os
from pathlib import Path

import pytest
from attrai_bot import background as background_module
from attrai_bot.background import BackgroundTasks, cancel_all, touch_heartbeat
from attrai_shared.errors import BrokerUnavailable


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEARTBEAT_INTERVAL_S", "CANCEL_AGAIN_S"):
        monkeypatch.setattr(background_module, name, 0.01)
    quick = dataclasses.replace(background_module.RESTART_RETRY, first_pause_s=0.01, longest_pause_s=0.01)
    monkeypatch.setattr(background_module, "RESTART_RETRY", quick)


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await cancel_all([task])
    assert lost == 3


async def run_until(background: BackgroundTasks, done: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        await done.wait()
    await background.stop()


async def test_a_background_task_that_fails_is_restarted() -> None:
    begun, done = 0, asyncio.Event()

    async def task() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise BrokerUnavailable
        done.set()

    background = BackgroundTasks()
    background.start(task)
    await run_until(background, done)
    assert begun == 3


@pytest.mark.logs_errors
async def test_a_bug_in_a_background_task_is_logged_and_it_restarts(caplog: pytest.LogCaptureFixture) -> None:
    begun, done = 0, asyncio.Event()

    async def task() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ZeroDivisionError
        done.set()

    background = BackgroundTasks()
    background.start(task)
    await run_until(background, done)
    assert "chore_failed" in caplog.text


async def test_the_heartbeat_is_touched_repeatedly(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    beating = asyncio.create_task(touch_heartbeat(heartbeat))
    async with asyncio.timeout(20):
        for _ in range(2):
            while not heartbeat.exists() or heartbeat.stat().st_mtime == 0:
                await asyncio.sleep(0.001)
            os.utime(heartbeat, (0, 0))
    await cancel_all([beating])


async def test_without_a_file_there_is_no_heartbeat() -> None:
    await touch_heartbeat(None)
