"""The playground's commands as a person runs them: what they print and write, and that nothing of them is left."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from attrai_local.valkey import SOCKET, embedded_redis
from attrai_playground.bot_api import ChatClient
from attrai_playground.demo import SAMPLE
from PIL import Image
from redis import Redis

from tests.flow.chat_replies import reply_to

TIMEOUT_S = 240.0
BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""As a shell starts what it puts in the background: with the interrupt ignored."""
MESSAGE = b"delivery_tag"
"""Part of each queued message, and of nothing else that Valkey stores."""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short-named folder for all that is temporary; it must be empty when the commands have ended."""
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    yield folder
    left = sorted(folder.iterdir())
    shutil.rmtree(folder)
    assert left == []


@pytest.fixture
def other_bot(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`run` is to serve a bot on a Bot API server, which knows one of another token than any test's."""
    words = [sys.executable, "-m", "attrai_playground.bot_api"]
    environment = {**os.environ, "BOT_TOKEN": "42:playground"}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            monkeypatch.setenv("ATTRAI_BOT_API_URL", line_with(server, "http://127.0.0.1:").split()[-1])
            yield
        finally:
            server.terminate()


@contextmanager
def command(temporary: Path, *arguments: str, around: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    words = [*around, sys.executable, "-m", "attrai_playground", *arguments]
    environment = {**os.environ, "TMPDIR": str(temporary), "BROWSER": "true"}
    with subprocess.Popen(
        words, env=environment, cwd=temporary.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(temporary: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and all that was printed."""
    with command(temporary, *arguments) as process:
        printed, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, printed


def line_with(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return line
    pytest.fail(f"it ended without saying {words!r}: {''.join(seen)}")


def test_the_demo_prints_the_chat_and_writes_the_picture(temporary: Path, tmp_path: Path) -> None:
    status, printed = ended(temporary, "demo", "--out", str(tmp_path / "out"))
    assert status == 0, printed
    assert str(temporary) not in printed, "what is deleted at the end is not shown"
    assert "bot: Your photo is number 1 in the queue" in printed
    assert "bot (edited): [picture" in printed
    assert "6 faces found" in printed
    with Image.open(tmp_path / "out" / "astronauts.jpg") as picture, Image.open(SAMPLE) as photo:
        assert (picture.format, picture.size) == ("JPEG", photo.size)
        assert picture.tobytes() != photo.tobytes()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["astronauts.jpg"]


def test_the_demo_of_a_text_file_prints_the_bots_sentence(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a picture")
    status, printed = ended(temporary, "demo", str(tmp_path / "notes.jpg"), "--out", str(tmp_path / "out"))
    assert status == 0, printed
    assert "bot (edited): I cannot read this file as a picture" in printed
    assert "The reply has no picture." in printed
    assert not (tmp_path / "out").exists()


def test_a_photo_that_is_not_there_is_said_before_anything_starts(temporary: Path, tmp_path: Path) -> None:
    status, printed = ended(temporary, "demo", str(tmp_path / "none.jpg"))
    assert (status, printed) == (2, f"{tmp_path}/none.jpg cannot be sent: No such file or directory.\n")


def test_the_demo_never_overwrites_the_photo(temporary: Path, tmp_path: Path) -> None:
    photo = tmp_path / "me.jpg"
    photo.write_bytes(b"mine")
    status, printed = ended(temporary, "demo", str(photo), "--out", str(tmp_path))
    assert (status, photo.read_bytes()) == (2, b"mine"), printed


def test_run_serves_the_chat_page_and_leaves_nothing_even_when_it_is_killed(temporary: Path, tmp_path: Path) -> None:
    run = ("run", "--no-open", "--port", "0", "--state", str(tmp_path / "state"))
    with command(temporary, *run) as process:
        line_with(process, "Chat with the bot on http://127.0.0.1:")
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 7, "the watchdog, five services, and the estimator's own child"
        status, printed = ended(temporary, *run)
        assert (status, "Another run uses the state folder" in printed) == (2, True), printed
        process.send_signal(signal.SIGKILL)
        assert_all_vanish(family)
    await_empty(temporary)


@pytest.mark.parametrize("around", [(), BACKGROUND], ids=["terminal", "background"])
def test_run_ends_cleanly_by_ctrl_c_and_keeps_no_message(
    temporary: Path, tmp_path: Path, around: tuple[str, ...]
) -> None:
    state = tmp_path / "state"
    with command(temporary, "run", "--no-open", "--port", "0", "--state", str(state), around=around) as process:
        line = line_with(process, "Chat with the bot on http://127.0.0.1:")
        family = psutil.Process(process.pid).children(recursive=True)
        keep_all_that_is_written(temporary)
        asyncio.run(answered(line.split()[5]))
        assert MESSAGE in written(state / "valkey"), "else it is missing below for another reason"
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == 0
        assert_all_vanish(family)
    assert list((state / "photos").iterdir()) == []
    assert MESSAGE not in written(state / "valkey")


def keep_all_that_is_written(temporary: Path) -> None:
    """Valkey rewrites its file only at its end, and compresses nothing in it."""
    (socket,) = temporary.glob(f"*/{SOCKET}")
    with Redis.from_url(embedded_redis(socket)) as valkey:
        valkey.config_set("auto-aof-rewrite-percentage", "0")
        valkey.config_set("rdbcompression", "no")


async def answered(url: str) -> None:
    """A person sends the sample and has the reply."""
    async with ChatClient(url) as chat:
        await reply_to(chat, await chat.send_photo(SAMPLE.read_bytes()))


def written(folder: Path) -> bytes:
    """The content of Valkey's files."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("other_bot")
@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("this is no token", "This BOT_TOKEN is not whole"),
        ("43:another", "Telegram does not know this BOT_TOKEN; ask @BotFather for it."),
    ],
)
def test_a_wrong_token_ends_run_before_anything_starts(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, sentence: str
) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    status, printed = ended(temporary, "run", "--no-open", "--state", str(tmp_path / "state"))
    assert (status, sentence in printed, token in printed) == (2, True, False), printed
    assert not (tmp_path / "state").exists()


def assert_all_vanish(processes: list[psutil.Process]) -> None:
    until = time.monotonic() + TIMEOUT_S
    while left := [process for process in processes if not _is_dead(process)]:
        assert time.monotonic() < until, f"still there: {[process.cmdline() for process in left]}"
        time.sleep(0.05)


def _is_dead(process: psutil.Process) -> bool:
    """Gone, or dead and not yet waited for by the system's first process."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def await_empty(folder: Path) -> None:
    until = time.monotonic() + TIMEOUT_S
    while list(folder.iterdir()):
        assert time.monotonic() < until, f"left in {folder}: {list(folder.iterdir())}"
        time.sleep(0.05)
