"""The estimator's edge to Redis: attempts counted when work on a request begins, and a sign of life that the bot's forecasts count."""

import time

from attrai_shared import keys
from attrai_shared.errors import RequestStoreUnavailable
from redis import Redis
from redis.exceptions import RedisError

PATIENCE = 1.0
"""Seconds that one question to Redis may take: it must never hold up a photo for long."""
ATTEMPTS_OUTLIVE = 3600
"""Seconds that a count outlives its request's deadline, so that a late redelivery is still counted."""


def connect(redis_url: str) -> Redis:
    """A client that waits for no answer longer than `PATIENCE`; it connects when first asked."""
    return Redis.from_url(redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


class RedisAttempts:
    """Counts attempts by request. Raises RequestStoreUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, request_id: str, deadline: float) -> int:
        """How often work on the request has begun, this time included."""
        key = keys.attempts(request_id)
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.incr(key)
                pipe.expireat(key, int(deadline) + ATTEMPTS_OUTLIVE)
                count, _ = pipe.execute()
        except RedisError as error:
            raise RequestStoreUnavailable(type(error).__name__) from error
        return int(count)


def announce(redis: Redis, replica: str) -> None:
    """Says that the replica is well; forgets those that have long been silent. Raises RequestStoreUnavailable."""
    now = time.time()
    try:
        with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.REPLICAS, {replica: now})
            pipe.zremrangebyscore(keys.REPLICAS, 0, now - 10 * keys.REPLICA_TIMEOUT_S)
            pipe.execute()
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error


def leave(redis: Redis, replica: str) -> None:
    """Takes the replica off the list at once, so that forecasts know. Raises RequestStoreUnavailable."""
    try:
        redis.zrem(keys.REPLICAS, replica)
    except RedisError as error:
        raise RequestStoreUnavailable(type(error).__name__) from error
