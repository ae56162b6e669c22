"""A batch on servers, with estimators of its own beside people's: the same rows whatever is killed, and people come first."""

import asyncio
import signal
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from attrai_playground.bot_api.client import ChatClient
from attrai_shared.queues import REFUSED, TO_EMBED, celery_app, declare, ready_messages, task_name
from attrai_shared.spool import Spool
from celery import Celery

from tests.flow.batches import (
    THAT_KILLS,
    TIMEOUT_S,
    chunks_done,
    command,
    completed,
    fingerprint,
    make_photos,
    rows,
    started,
    wait_for,
)
from tests.flow.chat_replies import reply_to
from tests.flow.conftest import RABBITMQ, System

ESTIMATOR = [sys.executable, "-m", "attrai_estimator", "worker", "--batch"]
PHOTOS_SENT = 20
"""Photos that a person sends, one after the other, while a batch runs."""
MAX_CHUNKS = 4
"""Chunks that may be completed while a person waits for an answer. A photo in the batch's queue would wait for about 16."""


@dataclass(frozen=True)
class Stage:
    """Where a batch reads, writes and meets its estimators; with the settings of all of them."""

    folder: Path
    settings: dict[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def log(self) -> Path:
        """Of runs."""
        return self.folder / "log"

    @property
    def out(self) -> Path:
        return self.folder / "out.parquet"


@pytest.fixture
def stage(system: System, tmp_path: Path) -> Stage:
    settings = {
        "ATTRAI_BROKER_URL": system.run.addresses.broker_url,
        "ATTRAI_BATCH_ROOT": str(tmp_path / "data"),
        "ATTRAI_BATCH_SPOOL": str(tmp_path / "spool"),
        "ATTRAI_BATCH_IDLE": "true",
    }
    stage = Stage(tmp_path, settings)
    stage.data.mkdir()
    stage.spool.mkdir()
    return stage


@pytest.fixture
def estimator(stage: Stage) -> Iterator[Path]:
    """A batch estimator; its log."""
    with started(ESTIMATOR, stage.folder / "estimator.log", stage.settings):
        yield stage.folder / "estimator.log"


def test_a_tar_whose_run_and_estimator_are_killed_gives_the_rows_of_the_undisturbed_folder(stage: Stage) -> None:
    photos = make_photos(stage.data / "set", 44)
    with tarfile.open(stage.data / "set.tar", "w") as tar:
        for path in sorted(photos.rglob("*.jpg")):
            tar.add(path, path.relative_to(photos).as_posix())
    before, killed = fingerprint(stage.data), stage.folder / "killed.parquet"
    with ExitStack() as stack:
        first, _ = (stack.enter_context(started(ESTIMATOR, stage.folder / name, stage.settings)) for name in "12")
        kills = {"KILL": f"{first.pid},run", "AT": "3"}
        words = command(stage.data / "set.tar", killed, program=THAT_KILLS)
        with started(words, stage.log, {**stage.settings, **kills}) as run:
            assert run.wait(TIMEOUT_S) == -signal.SIGKILL, stage.log.read_text()
        with started(command(stage.data / "set.tar", killed, "--resume"), stage.log, stage.settings) as run:
            completed(run, stage.log)
        with started(command(photos, stage.out), stage.log, stage.settings) as run:
            completed(run, stage.log)
    assert '"service": "batch_estimator"' in (stage.folder / "2").read_text()
    assert rows(killed) == rows(stage.out)
    assert fingerprint(stage.data) == before
    assert list(stage.spool.iterdir()) == []


@pytest.mark.usefixtures("estimator")
async def test_people_are_answered_while_a_batch_runs(chat: ChatClient, sample: bytes, stage: Stage) -> None:
    photos = make_photos(stage.data / "many", 2000, padding=0)
    with started(command(photos, stage.out), stage.log, stage.settings) as run:
        await asyncio.to_thread(wait_for, lambda: chunks_done(stage.out, stage.spool) >= 1, run)
        chunks = sorted([await chunks_until_answered(chat, sample, stage) for _ in range(PHOTOS_SENT)])
        assert run.poll() is None, "the batch was done before the person had every answer"
        run.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(run.wait, TIMEOUT_S) == 130
    assert chunks[-2] <= MAX_CHUNKS, chunks


async def chunks_until_answered(chat: ChatClient, photo: bytes, stage: Stage) -> int:
    """How many chunks of the batch are completed before a person has the picture."""
    before = chunks_done(stage.out, stage.spool)
    assert (await reply_to(chat, await chat.send_photo(photo))).photo
    return chunks_done(stage.out, stage.spool) - before


def test_a_forged_chunk_reads_nothing_outside_the_root(system: System, stage: Stage, estimator: Path) -> None:
    run_id = "ab" * 16
    Spool(stage.spool).open_run(run_id)
    secret = stage.folder / "secret.jpg"
    secret.write_bytes(b"secret")
    (stage.data / "link.jpg").symlink_to(secret)
    app = celery_app("batch", system.run.addresses.broker_url)
    declare(app)
    before = parked(app) if system.broker == RABBITMQ else 0
    for chunk, name in enumerate(["../secret.jpg", str(secret), "link.jpg"]):
        photos = {"kind": "source", "names": [name]}
        payload = {"run_id": run_id, "chunk": chunk, "what": ["quality"], "faces": "all", "photos": photos}
        app.send_task(task_name(TO_EMBED), args=[payload], queue=TO_EMBED, routing_key=TO_EMBED)
    wait_for(lambda: estimator.read_text().count('"event": "message_refused"') >= 2)
    wait_for(lambda: Spool(stage.spool).has_result(run_id, 2))
    result = Spool(stage.spool).read_result(run_id, 2)
    assert result is not None
    assert [photo.kind == "missed" and photo.code for photo in result.photos] == ["refused_name"]
    assert "secret" not in estimator.read_text()
    assert Spool(stage.spool).results(run_id) == {2}
    if system.broker == RABBITMQ:
        wait_for(lambda: parked(app) >= before + 2)
    with app.connection_for_write() as connection:
        assert ready_messages(connection, TO_EMBED) == 0


def parked(app: Celery) -> int:
    with app.connection_for_write() as connection:
        return ready_messages(connection, REFUSED)
