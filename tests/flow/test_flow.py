"""The flow of a photo on both brokers, in fair weather and under fire: what was accepted is answered, once, and nothing is kept."""

import asyncio
import json
import signal
import time

import psutil
import pytest
import redis
from attrai_playground.bot_api.client import ChatClient
from attrai_playground.bot_api.failures import Failure
from attrai_playground.bot_api.types import Message
from attrai_shared import keys
from attrai_shared.contracts import Estimated, FaceScore, StoredOutcome, read_to_estimate
from attrai_shared.photo_store import Part, PhotoStore
from attrai_shared.queues import REFUSED, TASKS, TO_ESTIMATE, all_queues, celery_app, publish, task_name
from kombu import Connection, Queue
from kombu import Message as KombuMessage

from tests.flow import faulty_estimator as faulty
from tests.flow.chat_replies import TIMEOUT_S, is_final, replies, reply_to, words
from tests.flow.conftest import EMBEDDED, RABBITMQ, VERSION, System

MAX_ATTEMPTS = 3


async def send(chat: ChatClient, photo: bytes, mark: bytes = b"") -> Message:
    """The photo as a file, which reaches the estimator untouched, with its mark."""
    return await chat.send_photo(photo + mark, as_document=True)


async def settled(system: System) -> None:
    """Returns when nothing is live, reserved or stored any more; fails when that does not come about."""
    with redis.Redis.from_url(system.run.addresses.redis_url) as ledger:
        async with asyncio.timeout(TIMEOUT_S):
            while ledger.zcard(keys.LIVE) or system.files() or int(ledger.get(keys.BYTES) or 0):
                await asyncio.sleep(0.1)
        assert not list(ledger.scan_iter(keys.of_user("*")))
        assert not list(ledger.scan_iter(keys.record("*")))


async def until_tried(system: System, mark: bytes, times: int = 1) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while system.attempts(mark) < times:
            await asyncio.sleep(0.05)


@pytest.mark.smoke
async def test_a_photo_comes_back_with_its_faces(system: System, chat: ChatClient, sample: bytes) -> None:
    reply = await reply_to(chat, await chat.send_photo(sample))
    assert reply.photo
    assert words(reply).startswith("6 faces found")
    assert await chat.download(reply.photo[-1].file_id)
    await settled(system)


@pytest.mark.parametrize("system", [EMBEDDED], indirect=True)
async def test_idle_workers_live_on(system: System) -> None:
    """Each asks its server for a message, and whether it is the server that it was, every second."""
    before = [(state.name, state.pid) for state in system.run.states()]
    with redis.Redis.from_url(system.run.addresses.redis_url) as ledger:
        enough = _asked(ledger) + 12
        async with asyncio.timeout(TIMEOUT_S):
            while _asked(ledger) < enough:
                await asyncio.sleep(0.1)
    assert [(state.name, state.pid) for state in system.run.states()] == before


@pytest.mark.parametrize("system", [EMBEDDED], indirect=True)
async def test_workers_find_a_server_that_was_killed(system: System, chat: ChatClient, sample: bytes) -> None:
    before = {state.name: state.pid for state in system.run.states()}
    await asyncio.to_thread(system.run.kill, "valkey")
    await asyncio.to_thread(system.run.await_ready, "valkey")
    assert (await reply_to(chat, await chat.send_photo(sample))).photo
    assert [state.name for state in system.run.states() if state.pid != before[state.name]] == ["valkey"]
    await settled(system)


def _asked(ledger: redis.Redis) -> int:
    """How often anybody has waited for a message."""
    return int(ledger.info("commandstats").get("cmdstat_brpop", {"calls": 0})["calls"])


async def test_a_killed_child_loses_nothing(system: System, chat: ChatClient, sample: bytes) -> None:
    before = system.attempts(faulty.KILL_ONCE)
    reply = await reply_to(chat, await send(chat, sample, faulty.KILL_ONCE))
    assert reply.photo
    assert system.attempts(faulty.KILL_ONCE) == before + 2
    await settled(system)


@pytest.mark.smoke
async def test_a_file_that_is_no_picture_is_refused(system: System, chat: ChatClient) -> None:
    assert "cannot read this file as a picture" in words(await reply_to(chat, await send(chat, b"not a picture")))
    await settled(system)


@pytest.mark.smoke
async def test_a_killed_worker_loses_nothing(system: System, chat: ChatClient, sample: bytes) -> None:
    before = system.attempts(faulty.SLOW)
    sent = [await send(chat, sample, faulty.SLOW) for _ in range(3)]
    await until_tried(system, faulty.SLOW, before + 1)
    await asyncio.to_thread(system.run.kill, "estimator")
    assert all([(await reply_to(chat, each)).photo for each in sent])
    await settled(system)


async def test_a_poison_photo_is_given_up_and_holds_up_nobody(system: System, chat: ChatClient, sample: bytes) -> None:
    poison = await send(chat, sample, faulty.POISON)
    good = await send(chat, sample)
    assert (await reply_to(chat, good)).photo
    assert "could not be processed" in words(await reply_to(chat, poison))
    assert system.attempts(faulty.POISON) <= MAX_ATTEMPTS
    await settled(system)


async def test_soft_and_hard_time_limits_are_told(system: System, chat: ChatClient, sample: bytes) -> None:
    async with system.restarted("estimator", {"ATTRAI_SOFT_LIMIT": "3", "ATTRAI_HARD_LIMIT": "5"}):
        for mark in (faulty.SLEEP, faulty.HANG):
            before = system.attempts(mark)
            assert "took too long" in words(await reply_to(chat, await send(chat, sample, mark))), mark
            assert system.attempts(mark) == before + 1
    await settled(system)


@pytest.mark.parametrize("mark", [faulty.CRASH, faulty.MEMORY], ids=["exception", "memory"])
async def test_a_crash_of_the_pipeline_is_told(system: System, chat: ChatClient, sample: bytes, mark: bytes) -> None:
    assert "could not be processed" in words(await reply_to(chat, await send(chat, sample, mark)))
    await settled(system)


async def test_a_duplicate_delivery_is_answered_once(system: System, chat: ChatClient, sample: bytes) -> None:
    async with system.held("estimator"):
        sent = await send(chat, sample)
        await chat.wait_until(lambda view: bool(replies(view, sent)), TIMEOUT_S)
        await asyncio.to_thread(_publish_again, system)
    assert (await reply_to(chat, sent)).photo
    await settled(system)
    await reply_to(chat, await send(chat, sample))
    await settled(system)
    pictures = [event for event in await chat.log() if event.method in {"editMessageMedia", "sendPhoto"} and event.ok]
    assert len(pictures) == 2


def _publish_again(system: System) -> None:
    """Takes the one waiting message off the queue and puts it there twice."""
    app = celery_app("tests", system.run.addresses.broker_url)
    with app.connection() as connection:
        queue = next(queue for queue in all_queues() if queue.name == TO_ESTIMATE)(connection.default_channel)
        taken = _await_message(queue)
        payload = json.loads(taken.body)[0][0]
        for _ in range(2):
            publish(app, read_to_estimate(payload), payload["accepted_at"])
        taken.ack()


def _await_message(queue: Queue) -> KombuMessage:
    """The user is told before the message is there."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        message = queue.get()
        if message is not None:
            return message
        time.sleep(0.05)
    raise AssertionError("the queue is empty")


async def test_a_dead_letter_is_answered(system: System, chat: ChatClient, sample: bytes) -> None:
    """Where the broker has no dead letters, the reaper answers at the deadline."""
    async with system.restarted("intake", {"ATTRAI_LIFETIME": "15"}), system.held("estimator"):
        sent = await send(chat, sample)
        await chat.wait_until(lambda view: bool(replies(view, sent)), TIMEOUT_S)
        await asyncio.to_thread(_let_die, system)
        reply = await reply_to(chat, sent)
        assert ("could not be processed" if system.broker == RABBITMQ else "took too long") in words(reply)
    await settled(system)


@pytest.mark.parametrize("system", [pytest.param(RABBITMQ, marks=pytest.mark.rabbitmq)], indirect=True)
async def test_a_dead_letter_whose_picture_is_stored_is_answered_with_it(
    system: System, chat: ChatClient, sample: bytes
) -> None:
    """An estimator was done each time, and the broker took no outcomes: it has an alarm, and serves consumers alone."""
    async with system.held("estimator"):
        sent = await send(chat, sample)
        await chat.wait_until(lambda view: bool(replies(view, sent)), TIMEOUT_S)
        store, (request_id,) = PhotoStore(system.run.addresses.photo_store), system.requests()
        store.write(request_id, Part.PICTURE, sample)
        outcome = StoredOutcome(outcome=Estimated(faces=(FaceScore(score=7.4),)))
        store.write(request_id, Part.OUTCOME, outcome.model_dump_json().encode())
        await asyncio.to_thread(_let_die, system)
        reply = await reply_to(chat, sent)
        assert reply.photo
        assert words(reply).startswith("1 face found")
    await settled(system)


def _let_die(system: System) -> None:
    with celery_app("tests", system.run.addresses.broker_url).connection() as connection:
        queue = next(queue for queue in all_queues() if queue.name == TO_ESTIMATE)(connection.default_channel)
        _await_message(queue).reject(requeue=False)


@pytest.mark.parametrize("body", ['[["not a message"], {}, {}]', "[[{}], {}", "<xml/>"], ids=["forged", "cut", "xml"])
async def test_a_forged_task_is_refused_quietly(system: System, chat: ChatClient, sample: bytes, body: str) -> None:
    secret = "canary-1f2e3d"
    app = celery_app("tests", system.run.addresses.broker_url)
    with app.connection() as connection:
        if system.broker == RABBITMQ:
            _refused_queue(connection).purge()
        producer = connection.Producer(connection.default_channel)
        headers = {"id": "forged", "task": task_name(TO_ESTIMATE), "lang": "py", "argsrepr": secret}
        sent_body = body.replace("not a message", secret)
        producer.publish(
            sent_body,
            exchange=TASKS.name,
            routing_key=TO_ESTIMATE,
            headers=headers,
            content_type="application/json",
            content_encoding="utf-8",
        )
    assert (await reply_to(chat, await send(chat, sample))).photo
    for name in ("estimator", "replier"):
        assert secret not in system.run.log(name)
    if system.broker == RABBITMQ:
        assert await asyncio.to_thread(_refused_body, system) == sent_body
    await settled(system)


def _refused_body(system: System) -> str:
    """The body of the message that was set aside for an operator."""
    with celery_app("tests", system.run.addresses.broker_url).connection() as connection:
        message = _await_message(_refused_queue(connection))
        message.ack()
        return bytes(message.body).decode() if isinstance(message.body, bytes | memoryview) else str(message.body)


def _refused_queue(connection: Connection) -> Queue:
    return next(queue for queue in all_queues() if queue.name == REFUSED)(connection.default_channel)


async def test_a_replier_killed_while_it_sends_replies_once(system: System, chat: ChatClient, sample: bytes) -> None:
    await chat.order_failure(Failure(method="editMessageMedia", chat_id=chat.user_id, times=1, cut="after", delay=1.0))
    sent = await send(chat, sample)
    await chat.wait_until(lambda view: bool(replies(view, sent)), TIMEOUT_S)
    await until_files(system, ".outcome")
    await asyncio.to_thread(system.run.kill, "replier")
    assert (await reply_to(chat, sent)).photo
    await settled(system)
    assert len(replies(await chat.view(), sent)) == 1


async def until_files(system: System, ending: str) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not any(name.endswith(ending) for name in system.files()):
            await asyncio.sleep(0.02)


async def test_an_update_that_waits_while_intake_is_down_is_taken(
    system: System, chat: ChatClient, sample: bytes
) -> None:
    async with system.held("intake", signal.SIGKILL):
        sent = await send(chat, sample)
    assert (await reply_to(chat, sent)).photo
    await settled(system)


async def test_flood_control_is_honoured(system: System, chat: ChatClient, sample: bytes) -> None:
    await chat.order_failure(Failure(method="editMessageMedia", chat_id=chat.user_id, times=2, code=429, retry_after=1))
    assert (await reply_to(chat, await send(chat, sample))).photo
    await settled(system)


async def test_every_process_has_one_computing_thread(system: System) -> None:
    """Equal CPU for each photo: the estimator's child has the variables that keep its libraries to one thread."""
    (child,) = psutil.Process(system.run.pid("estimator")).children()
    assert child.environ()["OMP_NUM_THREADS"] == "1"


async def test_no_log_names_the_user_or_the_file(system: System, sample: bytes) -> None:
    async with ChatClient(system.run.chat_url, user_id=7_700_112_233, first_name="Zacharias Canary") as chat:
        sent = await chat.send_photo(sample, as_document=True, file_name="canary-holiday.jpg", caption="canary caption")
        assert is_final(await reply_to(chat, sent))
    await settled(system)
    for name in ("intake", "estimator", "replier"):
        log = system.run.log(name)
        assert not [words for words in ("7700112233", "Zacharias", "canary-holiday", "canary caption") if words in log]


async def test_one_request_can_be_followed_through_all_logs(system: System, chat: ChatClient, sample: bytes) -> None:
    """From the same id in each service's records, which carry nothing else that ties them together but the user's hash."""
    before = {record["request_id"] for record in _records(system)}
    assert (await reply_to(chat, await chat.send_photo(sample))).photo
    async with asyncio.timeout(TIMEOUT_S):
        while not (mine := [record for record in _records(system) if record["request_id"] not in before]) or (
            mine[-1]["event"] != "delivery"
        ):
            await asyncio.sleep(0.1)
    assert len({(record["request_id"], record["user"]) for record in mine}) == 1
    assert {record["version"] for record in mine} == {VERSION}
    way = [(record["service"], record["event"]) for record in mine]
    queued = way.index(("intake", "photo_queued"))
    assert queued > 0  # but the broker may hand a photo out before intake says that it was queued
    del way[queued]
    assert way == [("intake", "photo_admitted"), ("estimator", "photo_estimated"), ("replier", "delivery")]


def _records(system: System) -> list[dict[str, str]]:
    """All services' records that belong to a request, in the order of their times."""
    lines = [line for name in ("intake", "estimator", "replier") for line in system.run.log(name).splitlines()]
    records = [json.loads(line) for line in lines if '"request_id"' in line and line.endswith("}")]
    return sorted(records, key=lambda record: str(record["time"]))
