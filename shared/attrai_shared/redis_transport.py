"""Celery's transport for the Redis protocol, with a journal of every unacknowledged message.

kombu takes a message from the queue (BRPOP) before it notes it as taken. A worker killed between the two loses the
message; only the journal still has it. Without the journal the user would wait for the deadline and then be asked to
send the photo again.
"""

from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.json import dumps
from redis import RedisError

NAME = "attrai-redis"
"""The transport's name in kombu, and so the scheme of its URLs."""
JOURNAL = "attrai:journal"
"""Hash: the queue and the message by delivery tag, as JSON."""


class JournalQoS(redis.QoS):  # type: ignore[misc]  # kombu ships no types
    """Removes an acknowledged message from the journal in the same transaction.

    A message that goes back to its queue stays.
    """

    def ack(self, delivery_tag: str) -> None:
        """Gives up a message whose acknowledgement fails.

        Otherwise a worker with a prefetch of one would never take another.
        """
        try:
            super().ack(delivery_tag)
        except (RedisError, OSError):
            self._quick_ack(delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Gives up a message whose rejection fails, for the same reason."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except (RedisError, OSError):
            self._quick_ack(delivery_tag)
            raise

    def _remove_from_indices(self, delivery_tag: str, pipe: object = None) -> object:
        removing = super()._remove_from_indices(delivery_tag, pipe)
        return removing if pipe is not None else removing.hdel(JOURNAL, delivery_tag)


class JournalChannel(redis.Channel):  # type: ignore[misc]
    """Adds a message to queue and journal in one transaction."""

    QoS = JournalQoS

    def _put(self, queue: str, message: dict[str, dict[str, object]], **_: object) -> None:
        """Priorities are not used."""
        with self.conn_or_acquire() as client, client.pipeline() as pipe:
            pipe.hset(JOURNAL, str(message["properties"]["delivery_tag"]), dumps([queue, message]))
            pipe.lpush(queue, dumps(message))
            pipe.execute()


class JournalTransport(redis.Transport):  # type: ignore[misc]
    Channel = JournalChannel


def with_journal(broker_url: str) -> str:
    """The URL that selects this transport for a Redis-protocol broker; another broker's URL unchanged."""
    if not broker_url.startswith(("redis:", "redis+")):
        return broker_url
    TRANSPORT_ALIASES[NAME] = f"{__name__}:{JournalTransport.__name__}"
    return NAME + broker_url.removeprefix("redis")
