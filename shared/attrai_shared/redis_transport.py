"""Celery's transport for the Redis protocol, with a journal of every message that is published and not yet acknowledged.

The server hands a message out before its taker can note that it has it; of a worker killed in between only the journal knows.
"""

from kombu.transport import TRANSPORT_ALIASES, redis
from kombu.utils.json import dumps
from redis import RedisError

NAME = "attrai-redis"
"""The transport's name in kombu's register, and so the scheme of its URLs."""
JOURNAL = "attrai:journal"
"""Hash: the queue and the message by delivery tag, as JSON."""


class JournalQoS(redis.QoS):  # type: ignore[misc]  # kombu ships no types
    """An acknowledged message leaves the journal in the same transaction. One that goes back to its queue stays."""

    def ack(self, delivery_tag: str) -> None:
        """A message whose acknowledgement fails is this worker's no more: else, with a prefetch of one, it would never take another."""
        try:
            super().ack(delivery_tag)
        except (RedisError, OSError):
            self._quick_ack(delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The same for one that cannot be given back."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except (RedisError, OSError):
            self._quick_ack(delivery_tag)
            raise

    def _remove_from_indices(self, delivery_tag: str, pipe: object = None) -> object:
        removing = super()._remove_from_indices(delivery_tag, pipe)
        return removing if pipe is not None else removing.hdel(JOURNAL, delivery_tag)


class JournalChannel(redis.Channel):  # type: ignore[misc]
    """A message enters queue and journal in one transaction."""

    QoS = JournalQoS

    def _put(self, queue: str, message: dict[str, dict[str, object]], **_: object) -> None:
        """Without priorities: every message is as urgent as the one before."""
        with self.conn_or_acquire() as client, client.pipeline() as pipe:
            pipe.hset(JOURNAL, str(message["properties"]["delivery_tag"]), dumps([queue, message]))
            pipe.lpush(queue, dumps(message))
            pipe.execute()


class JournalTransport(redis.Transport):  # type: ignore[misc]
    Channel = JournalChannel


def journaled(broker_url: str) -> str:
    """The URL by which kombu finds this transport for a broker of the Redis kind; another broker's URL as it is."""
    if not broker_url.startswith(("redis:", "redis+")):
        return broker_url
    TRANSPORT_ALIASES[NAME] = f"{__name__}:{JournalTransport.__name__}"
    return NAME + broker_url.removeprefix("redis")
