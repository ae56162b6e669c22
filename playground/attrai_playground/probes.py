"""How one sees that a service is ready: each probe answers at once."""

import http.client
import time
from pathlib import Path

from attrai_shared import keys
from attrai_shared.errors import RequestStoreUnavailable
from redis import Redis, RedisError

PATIENCE = 1.0
"""Seconds that a probe waits for an answer."""


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
    """Forgets an estimator that died, so that forecasts do not count on it. Raises RequestStoreUnavailable."""
    try:
        with Redis.from_url(redis_url, socket_timeout=PATIENCE) as redis:
            redis.zrem(keys.REPLICAS, replica)
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error
