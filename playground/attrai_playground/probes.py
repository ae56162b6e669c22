"""How one sees that a service is ready: each probe answers at once."""

import http.client
import time
from contextlib import suppress
from pathlib import Path

from attrai_shared import keys
from attrai_shared.errors import LedgerUnavailable
from redis import Redis, RedisError

PATIENCE = 1.0
"""Seconds that a probe waits for an answer."""
FORGOTTEN_WITHIN = 5.0
"""Seconds for a file of messages to be written anew at the end."""
LOOK = 0.02
"""Seconds between two looks at that."""


def forgets(redis_url: str) -> bool:
    """Whether the server has loaded its data, and begins to write its file anew without what is answered already."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            return bool(redis.bgrewriteaof())
    except RedisError:
        return False


def forget(redis_url: str, within: float = FORGOTTEN_WITHIN) -> None:
    """Returns when the server's file holds only what it still has to do, or after `within` seconds."""
    until = time.monotonic() + within
    with suppress(RedisError), Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
        redis.bgrewriteaof()
        while _rewrites(redis) and time.monotonic() < until:
            time.sleep(LOOK)


def _rewrites(redis: Redis) -> bool:
    state = redis.info("persistence")
    return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])


def answers_http(port: int, path: str) -> bool:
    """Whether a server on the loopback answers this path with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def beats(heartbeat: Path) -> bool:
    """Whether the service has touched its file since it was removed."""
    return heartbeat.exists()


def is_announced(redis_url: str, replica: str) -> bool:
    """Whether an estimator says that its networks are loaded and that it consumes."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            score = redis.zscore(keys.REPLICAS, replica)
    except RedisError:
        return False
    return score is not None and score > time.time() - keys.REPLICA_SILENCE


def take_off(redis_url: str, replica: str) -> None:
    """Forgets an estimator that died, so that forecasts do not count on it. Raises LedgerUnavailable."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            redis.zrem(keys.REPLICAS, replica)
    except RedisError as error:
        raise LedgerUnavailable(type(error).__name__) from error
