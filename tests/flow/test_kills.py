"""One kill in each gap between two side effects of each process: the photo has its one answer, and nothing is left."""

import asyncio
import colorsys
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
import redis
from attrai_local.restarts import STEADY_S
from attrai_playground.bot_api.client import ChatClient
from attrai_playground.bot_api.types import Message
from attrai_playground.system import Playground, playground
from attrai_shared import keys
from attrai_shared.queues import all_queues, celery_app
from attrai_shared.redis_transport import JOURNAL
from PIL import Image

from tests.flow import kill_points
from tests.flow.chat_replies import TIMEOUT_S, is_final, replies, words
from tests.flow.conftest import EMBEDDED, RABBITMQ, start_servers

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
GAPS = {
    "intake": (
        kill_points.NOTHING,
        "admitted",
        "half of the source written",
        "source written",
        "waiting message sent",
        "waiting message noted",
        "published",
        "noted as queued",
    ),
    "estimator": (
        kill_points.NOTHING,
        "attempt counted",
        "half of the picture written",
        "picture written",
        "half of the outcome written",
        "outcome written",
        "published",
        "source deleted",
    ),
    "replier": (
        kill_points.NOTHING,
        "claimed",
        "reply sent",
        "settled",
        "seconds counted",
        "claim given back",
        "files deleted",
    ),
}
"""By process: what it has done when it dies. After the last step comes the confirmation of the update, or of the message."""
KILLS = [dict(zip(GAPS, row, strict=True)) for row in zip_longest(*GAPS.values())]
"""What one photo lives through: each process dies once on its way, in a gap that no other photo's kill was in."""
ON_RABBITMQ = ("published", "outcome written", "settled")
"""The rows in which a process dies at one of these are run on RabbitMQ too."""
THREE_RESTARTS_TIMEOUT_S = 2 * TIMEOUT_S
"""Seconds for an answer behind which three processes start in turn; less than the visibility timeout, for which nobody may wait."""
FORGOTTEN = "waiting message sent"
"""The gap that leaves a waiting message beside the answer: nobody but the dead process knew of it."""


@dataclass(frozen=True)
class KillableSystem:
    """A running system whose processes have kill points."""

    broker: str
    run: Playground
    folder: Path

    def has_died(self, role: str, pid: int) -> bool:
        """Whether it died at its kill point and another process has taken its place."""
        now = next(state.pid for state in self.run.states() if state.name == role)
        return not kill_points.is_armed(self.folder, role) and now not in {None, pid}

    def left(self) -> list[str]:
        """All that is still there of any request: files, records, quotas, messages."""
        files = [path.name for path in self.run.addresses.photo_store.iterdir()]
        with redis.Redis.from_url(self.run.addresses.redis_url, decode_responses=True) as ledger:
            kept = [keys.record("*"), keys.of_user("*"), keys.attempts("*"), keys.replying("*"), keys.LIVE]
            names = [name for pattern in kept for name in ledger.scan_iter(pattern)]
            reserved = int(ledger.get(keys.BYTES) or 0)
        return files + names + [f"{reserved} bytes"] * bool(reserved) or self._messages()

    def _messages(self) -> list[str]:
        with celery_app("tests", self.run.addresses.broker_url).connection() as connection:
            channel = connection.default_channel
            counts = {queue.name: queue(channel).queue_declare().message_count for queue in all_queues()}
            if self.broker == EMBEDDED:
                counts |= {name: channel.client.hlen(name) for name in (JOURNAL, *_unacknowledged(channel.client))}
        return [f"{count} in {name}" for name, count in counts.items() if count]


def _unacknowledged(client: "redis.Redis[bytes]") -> list[str]:
    return [name.decode() for name in client.scan_iter("attrai:unacked:*")]


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableSystem]:
    folder = tmp_path_factory.mktemp("kill_points")
    around = {**os.environ, kill_points.FOLDER: str(folder), "PYTHONPATH": str(ROOT)}
    commands = {role: (sys.executable, str(HERE / "bot_with_kill_points.py"), role) for role in ("intake", "replier")}
    commands["estimator"] = (sys.executable, str(HERE / "estimator_with_kill_points.py"))
    with ExitStack() as stack:
        urls = start_servers(request.param, stack, *(tmp_path_factory.mktemp(name) for name in ("rabbitmq", "redis")))
        run = stack.enter_context(playground(parent_environment=around, commands=commands, **urls))
        run.await_ready()
        yield KillableSystem(request.param, run, folder)


@pytest.mark.parametrize("killable", [EMBEDDED], indirect=True)
async def test_these_are_all_gaps(killable: KillableSystem) -> None:
    """A step that is added to a process, or taken from it, makes the list wrong."""
    async with ChatClient(killable.run.chat_url) as chat:
        await answered(chat, await chat.send_photo(photo(0.0)))
    await until_nothing_is_left(killable)
    seen: dict[str, tuple[str, ...]] = {}
    with suppress(TimeoutError):  # intake may note that it has queued what is answered already
        async with asyncio.timeout(TIMEOUT_S):
            while (seen := {role: tuple(kill_points.steps(killable.folder, role)) for role in GAPS}) != GAPS:
                await asyncio.sleep(0.1)
    assert seen == GAPS


@pytest.mark.parametrize("killable", [EMBEDDED], indirect=True)
@pytest.mark.parametrize("kills", KILLS, ids=str)
async def test_a_kill_in_a_gap_costs_nothing(killable: KillableSystem, kills: dict[str, str | None]) -> None:
    await killed_and_answered(killable, kills)


@pytest.mark.rabbitmq
@pytest.mark.parametrize("killable", [RABBITMQ], indirect=True)
@pytest.mark.parametrize("kills", [row for row in KILLS if {*row.values()} & {*ON_RABBITMQ}], ids=str)
async def test_on_rabbitmq_too(killable: KillableSystem, kills: dict[str, str | None]) -> None:
    await killed_and_answered(killable, kills)


def test_every_gap_is_told() -> None:
    told = (ROOT / "docs/reliability.md").read_text(encoding="utf-8").partition("## Kills in each gap")[2]
    rows = re.findall(r"^\| (\w+) \| ([\w ]+) \|", told.partition("\n## ")[0], flags=re.MULTILINE)
    assert rows[1:] == [(role, done) for role, gaps in GAPS.items() for done in gaps]


async def killed_and_answered(killable: KillableSystem, kills: dict[str, str | None]) -> None:
    """The photo comes back as its own picture, once, though every process named died on its way."""
    armed = {role: done for role, done in kills.items() if done is not None}
    before = {role: killable.run.pid(role) for role in armed}
    for role, done in armed.items():
        kill_points.arm(killable.folder, role, done)
    hue = KILLS.index(kills) / len(KILLS)
    async with ChatClient(killable.run.chat_url) as chat:
        sent = await chat.send_photo(photo(hue))
        await answered(chat, sent)
        await until_back(killable, before)
        await until_nothing_is_left(killable)
        below = replies(await chat.view(), sent)
        (answer,) = [message for message in below if is_final(message)]
        assert answer.photo, words(answer)
        assert is_near(hue_of(await chat.download(answer.photo[-1].file_id)), hue)
        assert len(below) == 1 + (FORGOTTEN in armed.values())
    await asyncio.sleep(STEADY_S)  # a child that dies sooner than that after its start is started again ever later


def is_near(one: float, other: float) -> bool:
    """Round the circle; two photos are further apart."""
    return abs((one - other + 0.5) % 1 - 0.5) < 0.03


async def answered(chat: ChatClient, sent: Message) -> None:
    await chat.wait_until(lambda view: any(map(is_final, replies(view, sent))), THREE_RESTARTS_TIMEOUT_S)


async def until_back(killable: KillableSystem, before: dict[str, int]) -> None:
    """Returns when each of these processes has died in its gap and is ready again."""
    async with asyncio.timeout(TIMEOUT_S):
        while [role for role, pid in before.items() if not killable.has_died(role, pid)]:
            await asyncio.sleep(0.1)
    await asyncio.to_thread(killable.run.await_ready, *before)


async def until_nothing_is_left(killable: KillableSystem) -> None:
    left: list[str] = []
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while left := killable.left():
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"left: {left}") from None


def photo(hue: float) -> bytes:
    """A photo of one colour, 0 to 1 round the circle."""
    data = io.BytesIO()
    Image.new("RGB", (100, 100), _colour(hue)).save(data, "JPEG")
    return data.getvalue()


def _colour(hue: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, 1.0, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)


def hue_of(picture: bytes) -> float:
    with Image.open(io.BytesIO(picture)) as image:
        red, green, blue = image.convert("RGB").getpixel((50, 50))
    return colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0]
