"""The server as a process: a kill loses nothing, SIGTERM ends it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession
from attrai_playground.bot_api import ChatClient

TOKEN = "42:of-a-process"

Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@asynccontextmanager
async def _running(state: Path) -> AsyncIterator[tuple[Process, str]]:
    """A server process and its address, killed at the end if it still runs."""
    arguments = ("-m", "attrai_playground.bot_api", "--token", TOKEN, "--port", "0", "--state", str(state))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _call(address: str, method: str, **parameters: object) -> list[dict[str, dict[str, object]]]:
    async with ClientSession() as session, session.post(f"{address}/bot{TOKEN}/{method}", json=parameters) as answer:
        result: list[dict[str, dict[str, object]]] = (await answer.json())["result"]
        return result


async def test_a_kill_loses_nothing(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    async with _running(tmp_path) as (process, address), ChatClient(address) as chat:
        await chat.send_text("confirmed")
        await chat.send_text("waiting")
        (first, _) = await _call(address, "getUpdates")
        await _call(address, "getUpdates", offset=first["update_id"] + 1)  # type: ignore[operator]
        sent = await chat.send_photo(picture())
        process.kill()
        await process.wait()
    async with _running(tmp_path) as (_, address), ChatClient(address, user_id=chat.user_id) as again:
        waiting = [update["message"].get("text") for update in await _call(address, "getUpdates")]
        assert waiting == ["waiting", None]
        assert [message.message_id for message in await again.messages()] == [1, 2, sent.message_id]
        assert sent.photo is not None
        assert await again.download(sent.photo[-1].file_id)
        assert (await again.send_text("new")).message_id == sent.message_id + 1


async def test_sigterm_ends_it_while_others_wait(tmp_path: Path, until: Until) -> None:
    async with _running(tmp_path) as (process, address), ChatClient(address) as chat:
        poll = asyncio.create_task(_call(address, "getUpdates", timeout=50))
        events = chat.events()
        await anext(events)
        await until(chat.polled)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await poll == []
            assert await process.wait() == 0
        await events.aclose()
