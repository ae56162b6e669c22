"""Hostile files through the chat: each ends in exactly one final answer, the fitting one; no process dies, no file stays."""

import mimetypes
from collections.abc import Iterator

import pytest
from attrai_bot.texts import translate
from attrai_playground.bot_api.client import ChatClient
from attrai_playground.bot_api.types import Message

from tests.flow.chat_replies import replies, reply_to, words
from tests.flow.conftest import EMBEDDED, System
from tests.flow.test_flow import settled
from tests.hostile import HostileFile, hostile_files

BATCH_SIZE = 10
"""Files that one person sends before the first answers: half of these tests' quota."""
KINDS = {".heic": "image/heic", ".webp": "image/webp"}
DRAWING = "drawing.svg"
"""Its own type says that it is no photo, so that it is refused before it is read."""


@pytest.mark.parametrize("system", [EMBEDDED], indirect=True)
@pytest.mark.logs_errors
async def test_each_hostile_file_has_its_one_answer(system: System, sample: bytes) -> None:
    before = {state.name: (state.pid, state.restarts) for state in system.run.states()}
    wrong: list[tuple[str, str]] = []
    everything: list[tuple[int, Message]] = []
    for batch in batches(hostile_files(sample)):
        async with ChatClient(system.run.chat_url) as chat:
            sent = [(file, await send(chat, file)) for file in batch]
            everything += [(chat.user_id, message) for _, message in sent]
            answers = [(file, words(await reply_to(chat, message))) for file, message in sent]
            wrong += [(file.name, answer) for file, answer in answers if not fits(file, answer)]
    assert wrong == []
    await settled(system)
    assert [await standing(system, user_id, message) for user_id, message in everything] == [1] * len(everything)
    assert {state.name: (state.pid, state.restarts) for state in system.run.states()} == before


async def standing(system: System, user_id: int, sent: Message) -> int:
    """How many messages of the bot stand below this one."""
    async with ChatClient(system.run.chat_url, user_id=user_id) as chat:
        return len(replies(await chat.view(), sent))


def batches(files: tuple[HostileFile, ...]) -> Iterator[tuple[HostileFile, ...]]:
    yield from (files[start : start + BATCH_SIZE] for start in range(0, len(files), BATCH_SIZE))


async def send(chat: ChatClient, file: HostileFile) -> Message:
    kind = KINDS.get(file.name[file.name.rfind(".") :]) or mimetypes.guess_type(file.name)[0]
    assert kind is not None
    return await chat.send_photo(file.data, as_document=True, file_name=file.name, mime_type=kind)


def fits(file: HostileFile, answer: str) -> bool:
    """Whether the answer is the one for this file: the number of faces, or the sentence of its code."""
    if file.code is None:
        return answer.startswith(translate("en", "faces", count=file.faces))
    return answer.startswith(translate("en", "wrong_kind" if file.name == DRAWING else file.code))
