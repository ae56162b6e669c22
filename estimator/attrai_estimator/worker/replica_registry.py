"""The edge to Redis: counts the attempts of a request, and registers the replica so that the bot's ETA counts it."""

import time

from attrai_shared import keys
from attrai_shared.errors import RequestStoreUnavailable
from redis import Redis
from redis.exceptions import RedisError

REDIS_TIMEOUT_S = 1.0
"""Redis must never delay a photo for longer."""
ATTEMPTS_KEPT_S = 3600
"""A count outlives its request's deadline by this time, so that a late redelivery is still counted."""


def connect(redis_url: str) -> Redis:
    """A client that waits at most `REDIS_TIMEOUT_S` for an answer. It connects at the first call."""
    return Redis.from_url(redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)


class RedisAttempts:
    """Counts attempts by request. Raises RequestStoreUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, request_id: str, deadline: float) -> int:
        """Count an attempt, and return how many there are."""
        key = keys.attempts(request_id)
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.incr(key)
                pipe.expireat(key, int(deadline) + ATTEMPTS_KEPT_S)
                count, _ = pipe.execute()
        except RedisError as error:
            raise RequestStoreUnavailable(type(error).__name__) from error
        return int(count)


def register(redis: Redis, replica: str) -> None:
    """Note that the replica is alive, and remove those that have long been silent. Raises RequestStoreUnavailable."""
    now = time.time()
    try:
        with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.REPLICAS, {replica: now})
            pipe.zremrangebyscore(keys.REPLICAS, 0, now - 10 * keys.REPLICA_TIMEOUT_S)
            pipe.execute()
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error


def deregister(redis: Redis, replica: str) -> None:
    """Remove the replica at once, so that no ETA counts it. Raises RequestStoreUnavailable."""
    try:
        redis.zrem(keys.REPLICAS, replica)
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error
