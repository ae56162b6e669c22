"""What brokers and Redis write to their disks, searched byte by byte: whose photo it was is nowhere, at no time."""

import asyncio
import base64
import struct
from pathlib import Path

import pytest
import redis
from attrai_playground.bot_api.client import ChatClient
from attrai_shared import keys

from tests.flow.chat_replies import TIMEOUT_S, replies, reply_to
from tests.flow.conftest import System
from tests.flow.test_flow import settled

USER = 7_700_112_233
"""Larger than any number that the servers would write in a short form."""
WORDS = ("Zacharias-Canary", "canary-holiday.jpg", "canary caption", "canary photo bytes 31415926")
FIELDS = ('"faces"', '"reasons"', '"chat_id"', '"photo_message_id"', '"waiting_message_id"')
"""Of messages that would hold a score or an open address."""


@pytest.mark.parametrize("before", [0, 1, 2])
def test_the_search_sees_through_base64(before: int, tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(base64.b64encode(b"{" * before + WORDS[0].encode() + b"}" * 5))
    assert found([WORDS[0]], (tmp_path,)) == {WORDS[0]}


async def test_no_journal_ever_knows_whose_photo_it_was(system: System, sample: bytes) -> None:
    with redis.Redis.from_url(system.run.addresses.redis_url, decode_responses=True) as ledger:
        ledger.config_set("rdbcompression", "no")
        async with ChatClient(system.run.chat_url, user_id=USER, first_name=WORDS[0]) as chat:
            async with system.held("estimator"):
                photo = sample + WORDS[3].encode()
                sent = await chat.send_photo(photo, as_document=True, file_name=WORDS[1], caption=WORDS[2])
                await chat.wait_until(lambda view: bool(replies(view, sent)), TIMEOUT_S)
                (request_id,) = ledger.zrange(keys.LIVE, 0, -1)
                await rewritten(ledger)
                await nothing_found(system, request_id)
            assert (await reply_to(chat, sent)).photo
        await settled(system)
        await nothing_found(system, request_id)


async def rewritten(ledger: "redis.Redis[str]") -> None:
    """Returns when the server has written what it holds, the live request in it, into a snapshot beside its journal."""
    before = ledger.info("persistence")["rdb_saves"]
    ledger.bgsave(schedule=True)
    async with asyncio.timeout(TIMEOUT_S):
        while ledger.info("persistence")["rdb_saves"] == before:
            await asyncio.sleep(0.1)


async def nothing_found(system: System, request_id: str) -> None:
    """The request's id is there, so the search reads the right files; nothing else is."""
    async with asyncio.timeout(TIMEOUT_S):
        while not found([request_id], system.data):
            await asyncio.sleep(0.1)
    assert found([str(USER), *WORDS, *FIELDS], system.data) == set()


def found(canaries: list[str], folders: tuple[Path, ...]) -> set[str]:
    """Which of these any file of the folders holds, plain, in base64, or as a binary number."""
    files = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {canary for canary in canaries if any(form in data for form in forms(canary) for data in files)}


def forms(canary: str) -> list[bytes]:
    plain = canary.encode()
    numbers = [struct.pack(order + "q", int(canary)) for order in "<>"] if canary.isdigit() else []
    return [plain, *numbers, *(_inside_base64(plain, before) for before in range(3))]


def _inside_base64(plain: bytes, before: int) -> bytes:
    """The part of its base64 form that does not depend on its surroundings, with `before` bytes (modulo 3) in front."""
    whole = (len(plain) + before) // 3 * 4
    return base64.b64encode(b"\0" * before + plain)[4 if before else 0 : whole]
