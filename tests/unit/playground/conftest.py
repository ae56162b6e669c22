"""A running Bot API server for each test, a person's chat on it, and both clients of the bot."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from attrai_playground.bot_api import ChatClient, create_app
from PIL import Image
from telegram import Bot as TelegramBot

TOKEN = "42:playground-token"


class _Session(AiohttpSession):
    """Without aiogram's quarter of a second that closing TLS connections takes: here are none."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[TestServer]:
    running = TestServer(create_app(TOKEN, clock=clock, webhook_pause=0.01))
    async with running:
        yield running


@pytest.fixture
def base_url(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")


@pytest.fixture
def bot_url(base_url: str) -> str:
    return f"{base_url}/bot{TOKEN}"


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def chat(base_url: str) -> AsyncIterator[ChatClient]:
    async with ChatClient(base_url, first_name="Ada") as client:
        yield client


@pytest.fixture
async def aiogram_bot(base_url: str) -> AsyncIterator[AiogramBot]:
    session = _Session(api=TelegramAPIServer.from_base(base_url))
    async with AiogramBot(TOKEN, session=session) as bot:
        yield bot


@pytest.fixture
async def telegram_bot(base_url: str) -> AsyncIterator[TelegramBot]:
    async with TelegramBot(TOKEN, base_url=f"{base_url}/bot", base_file_url=f"{base_url}/file/bot") as bot:
        yield bot


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]:
    """Asks again until it is so: `await until(check)`."""

    async def ask(check: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await check():
                await asyncio.sleep(0)

    return ask


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Makes an encoded picture: `picture(width, height, kind, colour, **options)`."""

    def make(width: int = 64, height: int = 48, kind: str = "JPEG", colour: str = "teal", **options: object) -> bytes:
        written = io.BytesIO()
        Image.new("RGB", (width, height), colour).save(written, kind, **options)
        return written.getvalue()

    return make
