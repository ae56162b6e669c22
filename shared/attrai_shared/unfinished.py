"""What a dead worker left unacknowledged on the Redis protocol, handed out again at once instead of after the visibility timeout."""

from kombu import Connection
from kombu.exceptions import KombuError
from redis import RedisError

from attrai_shared.errors import BrokerUnavailable
from attrai_shared.queues import CONNECT_TIMEOUT, all_queues, celery_app


def restore_unfinished(broker_url: str, role: str) -> int:
    """Puts every unacknowledged message of `role` back to the front of its queue, the oldest first; how many there were.

    Only for when no worker of that role lives: a living worker's messages would be worked on twice. RabbitMQ does this by itself, so
    nothing is done there. Raises BrokerUnavailable.
    """
    if not broker_url.startswith("redis"):
        return 0
    try:
        with celery_app(role, broker_url).connection_for_write() as connection:
            return _restore(connection)
    except (KombuError, RedisError, OSError) as error:
        raise BrokerUnavailable(type(error).__name__) from error


def _restore(connection: Connection) -> int:
    connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT)
    channel = connection.default_channel
    for queue in all_queues():  # the channel finds a message's queue only through exchanges that it has seen declared
        queue(channel).declare()
    tags = channel.client.zrange(channel.unacked_index_key, 0, -1, desc=True)
    for tag in tags:
        channel.qos.restore_by_tag(tag.decode())
    return len(tags)
