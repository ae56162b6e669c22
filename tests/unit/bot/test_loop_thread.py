import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
from attrai_bot.replier.loop_thread import LoopThread


async def _nothing() -> None:
    return


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close(_nothing())


async def thread_name() -> str:
    return threading.current_thread().name


async def wait_for_ever(begun: threading.Event) -> None:
    begun.set()
    await asyncio.Event().wait()


def test_all_work_runs_in_one_thread(loop: LoopThread) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert {*pool.map(lambda _: loop.run(thread_name()), range(20))} == {"replies"}


def test_a_stop_cancels_running_work_and_refuses_new_work(loop: LoopThread) -> None:
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(loop.run, wait_for_ever(begun))
        begun.wait()
        loop.cancel_in(0.0)
        with pytest.raises(CancelledError):
            running.result()
    with pytest.raises(CancelledError):
        loop.run(thread_name())


def test_work_that_ends_in_time_is_not_cancelled(loop: LoopThread) -> None:
    loop.cancel_in(60.0)
    assert loop.run(thread_name()) == "replies"
