"""Redelivers at once what a dead worker left unacknowledged on the Redis protocol, without the visibility timeout."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import AFTER_ESTIMATE, CONNECT_TIMEOUT_S, DEAD_LETTERS, TO_ESTIMATE, all_queues, celery_app
from attrai_shared.redis_transport import JOURNAL
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.utils.json import dumps, loads
from redis import RedisError

CONSUMES = {"estimator": (TO_ESTIMATE,), "replier": (AFTER_ESTIMATE, DEAD_LETTERS)}
"""The queues of each role; no other role consumes them."""


def redeliver_all(broker_url: str, role: str) -> int:
    """Puts every unacknowledged message of `role` back at the front of its queue; returns their number.

    kombu notes a message after it has taken it. The noted ones come first, the oldest foremost; then those that were
    taken and not noted. Call it only while no worker of the role runs, or messages are worked on twice. RabbitMQ
    redelivers by itself: nothing is done there. Raises BrokerUnavailable.
    """
    if not broker_url.startswith("redis"):
        return 0
    with _connected(broker_url, role) as connection:
        return _restore_unnoted(connection, CONSUMES[role]) + _restore_noted(connection)


def redeliver_unacked(broker_url: str, role: str) -> int:
    """Puts back only the noted messages, for a queue that other roles consume too; returns their number.

    A message that was taken and not noted is not found; its sender must notice that it is missing. Raises
    BrokerUnavailable.
    """
    with _connected(broker_url, role) as connection:
        return _restore_noted(connection)


@contextmanager
def _connected(broker_url: str, role: str) -> Iterator[Connection]:
    try:
        with celery_app(role, broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_S)
            yield connection
    except (KombuError, RedisError, OSError) as error:
        raise BrokerUnavailable(type(error).__name__) from error


def _restore_noted(connection: Connection) -> int:
    channel = connection.default_channel
    for queue in all_queues():  # the channel finds a message's queue only through declared exchanges
        queue(channel).declare()
    tags = channel.client.zrange(channel.unacked_index_key, 0, -1, desc=True)
    for tag in tags:
        channel.qos.restore_by_tag(tag.decode())
    return len(tags)


def _restore_unnoted(connection: Connection, queues: tuple[str, ...]) -> int:
    """Puts back the journal's messages that are neither in their queue nor noted."""
    channel = connection.default_channel
    journal = {tag.decode(): loads(entry) for tag, entry in channel.client.hgetall(JOURNAL).items()}
    known = {tag.decode() for tag in channel.client.hkeys(channel.unacked_key)}
    for queue in queues:
        known |= {loads(message)["properties"]["delivery_tag"] for message in channel.client.lrange(queue, 0, -1)}
    unnoted = [entry for tag, entry in journal.items() if tag not in known and entry[0] in queues]
    for queue, message in unnoted:
        channel.client.rpush(queue, dumps(message))
    return len(unnoted)
