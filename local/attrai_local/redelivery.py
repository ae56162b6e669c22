"""What a dead worker left unacknowledged on the Redis protocol, handed out again at once instead of after the visibility timeout."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import AFTER_ESTIMATE, CONNECT_TIMEOUT, DEAD_LETTERS, TO_ESTIMATE, all_queues, celery_app
from attrai_shared.redis_transport import JOURNAL
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.utils.json import dumps, loads
from redis import RedisError

CONSUMES = {"estimator": (TO_ESTIMATE,), "replier": (AFTER_ESTIMATE, DEAD_LETTERS)}
"""The queues of each role: no other one takes from them."""


def redeliver_all(broker_url: str, role: str) -> int:
    """Puts every unacknowledged message of `role` back to the front of its queue; how many there were.

    Those that the worker had noted come first, the oldest foremost, then those that it was just taking when it died.
    Only for when no worker of that role lives: a living worker's messages would be worked on twice. RabbitMQ does this by itself, so
    nothing is done there. Raises BrokerUnavailable.
    """
    if not broker_url.startswith("redis"):
        return 0
    with _restoring(broker_url, role) as connection:
        return _restore_vanished(connection, CONSUMES[role]) + _restore_noted(connection)


def redeliver_unacked(broker_url: str, role: str) -> int:
    """The same where others take from the role's queue too: only what the dead worker had noted; how many messages there were.

    One that it was just taking stays away; whoever queued it must miss it. Raises BrokerUnavailable.
    """
    with _restoring(broker_url, role) as connection:
        return _restore_noted(connection)


@contextmanager
def _restoring(broker_url: str, role: str) -> Iterator[Connection]:
    try:
        with celery_app(role, broker_url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT)
            yield connection
    except (KombuError, RedisError, OSError) as error:
        raise BrokerUnavailable(type(error).__name__) from error


def _restore_noted(connection: Connection) -> int:
    channel = connection.default_channel
    for queue in all_queues():  # the channel finds a message's queue only through exchanges that it has seen declared
        queue(channel).declare()
    tags = channel.client.zrange(channel.unacked_index_key, 0, -1, desc=True)
    for tag in tags:
        channel.qos.restore_by_tag(tag.decode())
    return len(tags)


def _restore_vanished(connection: Connection, queues: tuple[str, ...]) -> int:
    """Messages of the journal that neither lie in their queue nor were noted by their taker."""
    channel = connection.default_channel
    journal = {tag.decode(): loads(entry) for tag, entry in channel.client.hgetall(JOURNAL).items()}
    known = {tag.decode() for tag in channel.client.hkeys(channel.unacked_key)}
    for queue in queues:
        known |= {loads(message)["properties"]["delivery_tag"] for message in channel.client.lrange(queue, 0, -1)}
    vanished = [entry for tag, entry in journal.items() if tag not in known and entry[0] in queues]
    for queue, message in vanished:
        channel.client.rpush(queue, dumps(message))
    return len(vanished)
