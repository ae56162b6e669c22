"""What the embedded Valkey has written when it ends: nothing that is answered."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrai_local import Supervisor
from attrai_local.valkey import compact, durable_valkey, embedded_redis, runtime_folder
from attrai_local.watchdog_pipe import WatchdogPipe
from redis import Redis

TIMEOUT_S = 30.0
KEPT, ANSWERED = b"still to be done", b"answered long ago"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    runtime = runtime_folder()
    watchdog_pipe = WatchdogPipe(runtime)
    valkey = durable_valkey(runtime / "s", tmp_path, {})
    try:
        with Supervisor([valkey], tmp_path, watchdog_pipe) as supervisor:
            supervisor.await_ready([valkey.name], TIMEOUT_S)
            yield embedded_redis(runtime / "s")
    finally:
        watchdog_pipe.close()


@pytest.mark.parametrize("writing", [False, True], ids=["idle", "rewriting its file"])
def test_it_forgets_what_is_answered(url: str, tmp_path: Path, writing: bool) -> None:
    with Redis.from_url(url) as redis:
        await_idle(redis)
        redis.set("kept", KEPT)
        if writing:
            rewrite_slowly(redis)
        redis.set("message", ANSWERED)
        redis.delete("message")
        assert ANSWERED in written(tmp_path)
    compact(url, TIMEOUT_S)
    assert ANSWERED not in written(tmp_path)
    assert KEPT in written(tmp_path)


def rewrite_slowly(redis: Redis) -> None:
    """Starts a rewrite that takes a second for each key and does not contain later changes."""
    redis.config_set("rdb-key-save-delay", "1000000")
    redis.bgrewriteaof()
    redis.config_set("rdb-key-save-delay", "0")


def await_idle(redis: Redis) -> None:
    """Returns when the rewrite at the start is over."""
    until = time.monotonic() + TIMEOUT_S
    while redis.info("persistence")["aof_rewrite_in_progress"]:
        assert time.monotonic() < until
        time.sleep(0.02)


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "appendonlydir").iterdir())
