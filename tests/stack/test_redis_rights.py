"""Each service with its rights in a real Redis."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrai_bot.state import QuotaLimits, RequestStore
from attrai_bot.state.address_cipher import AddressCipher
from attrai_deploy.credentials import REDIS_USERS, redis_users
from attrai_estimator.worker.replica_registry import RedisAttempts, deregister, register
from attrai_shared import keys
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.flow.servers import free_port, missing_redis, redis
from tests.unit.bot.conftest import make_request

REQUEST = "0" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if reason := missing_redis():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("redis")
    with redis(folder) as url, Redis.from_url(url) as admin:
        _apply(admin, redis_users(dict.fromkeys(REDIS_USERS, "word")))
        yield url.removeprefix("redis://")


def _apply(admin: Redis, users: str) -> None:
    admin.acl_setuser("operator", enabled=True, nopass=True, keys=["*"], commands=["+@all"])
    admin.execute_command("AUTH", "operator", "any")
    for line in users.splitlines():
        admin.execute_command("ACL", "SETUSER", *line.split()[1:])


def _as(user: str, server: str) -> Redis:
    return Redis.from_url(f"redis://{user}:word@{server}")


def test_an_estimator_may_announce_itself_and_count_attempts(server: str) -> None:
    with _as("estimator", server) as connection:
        register(connection, "replica")
        assert RedisAttempts(connection).begin(REQUEST, time.time() + 60) == 1
        deregister(connection, "replica")


@pytest.mark.parametrize("key", [keys.LIVE, keys.record(REQUEST), keys.BYTES])
def test_an_estimator_may_access_no_quota_and_no_request(server: str, key: str) -> None:
    with _as("estimator", server) as connection, pytest.raises(NoPermissionError):
        connection.incr(key)


@pytest.mark.parametrize("user", ["intake", "replier"])
def test_the_bot_may_use_the_request_store_and_no_dangerous_command(server: str, user: str) -> None:
    with _as(user, server) as connection:
        connection.hset(keys.record(REQUEST), "user", "x")
        assert connection.eval("return redis.call('HGET', KEYS[1], 'user')", 1, keys.record(REQUEST)) == b"x"
        for dangerous in (connection.flushall, connection.config_get, connection.acl_list):
            with pytest.raises(NoPermissionError):
                dangerous()


async def test_the_bot_may_write_and_read_day_counts(server: str) -> None:
    now = time.time()
    intake, replier = (
        RequestStore.at(f"redis://{user}:word@{server}", QuotaLimits(3, 8, 1000), AddressCipher(b"a key of tests"))
        for user in ("intake", "replier")
    )
    await intake.admit(make_request(), now)
    await replier.settle(REQUEST, "f" * 32, now + 60, now, {"detect": 0.2})
    today = (await intake.days(now))[-1]
    assert (today.photos, today.users, sum(today.seconds["detect"])) == (1, 1, 1)
    for ledger in (intake, replier):
        await ledger.close()


def test_an_estimator_may_write_no_day_counts(server: str) -> None:
    with _as("estimator", server) as connection, pytest.raises(NoPermissionError):
        connection.hincrby(keys.day("2026-01-01"), "photos", 1)


def test_nobody_may_log_in_without_a_user(server: str) -> None:
    with Redis.from_url(f"redis://{server}") as connection, pytest.raises(AuthenticationError):
        connection.get("any")
    with _as("health", server) as connection:
        assert connection.ping()
        with pytest.raises(NoPermissionError):
            connection.get("any")


def test_a_killed_server_restores_every_transaction_and_script(tmp_path: Path) -> None:
    """Redis replays its journal as the default user, whose missing rights would lose them."""
    if reason := missing_redis():
        pytest.skip(reason)
    (tmp_path / "users").write_text(redis_users(dict.fromkeys(REDIS_USERS, "word")))
    with _redis_killed_at_the_end(tmp_path) as url, _as("replier", url) as connection:
        with connection.pipeline(transaction=True) as pipe:
            pipe.set(keys.BYTES, 7).zadd(keys.LIVE, {REQUEST: 1.0}).execute()
        connection.eval(
            "redis.call('ZREM', KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], 8)", 2, keys.LIVE, keys.BYTES, REQUEST
        )
    with _redis_killed_at_the_end(tmp_path) as url, _as("replier", url) as connection:
        assert (connection.get(keys.BYTES), connection.zcard(keys.LIVE)) == (b"8", 0)


@contextmanager
def _redis_killed_at_the_end(folder: Path) -> Iterator[str]:
    port = free_port()
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
    ]
    program = shutil.which("redis-server") or ""
    with subprocess.Popen([program, *options, "--aclfile", str(folder / "users")], stdout=subprocess.DEVNULL) as server:
        try:
            _wait_until_ready(port)
            yield f"127.0.0.1:{port}/0"
        finally:
            server.send_signal(signal.SIGKILL)


def _wait_until_ready(port: int) -> None:
    with _as("health", f"127.0.0.1:{port}/0") as connection:
        for _ in range(100):
            try:
                connection.ping()
            except (RedisConnectionError, BusyLoadingError):
                time.sleep(0.1)
            else:
                return
