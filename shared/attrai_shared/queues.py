"""The queues and the Celery configuration of all services, for both brokers: RabbitMQ (quorum queues, dead letters) and the Redis protocol.

to_estimate ──▶ estimator ──▶ after_estimate ──▶ replier
     └─ given up by the broker ─▶ dead_letters ──▶ replier ─ not readable either ─▶ refused (kept for an operator)
batch ──▶ to_embed ──▶ batch estimator ──▶ the spool
"""

from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Connection, Exchange, Queue
from kombu.exceptions import KombuError
from redis import RedisError

from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.celery_consumer import ServerRestartDetector
from attrai_shared.contracts import AfterEstimate, ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.redis_transport import journaled

TO_ESTIMATE = "to_estimate"
TO_EMBED = "to_embed"
AFTER_ESTIMATE = "after_estimate"
DEAD_LETTERS = "dead_letters"
REFUSED = "refused"

DELIVERY_LIMIT = 10
"""Deliveries after which RabbitMQ sets a message aside: the backstop behind the attempts that we count ourselves."""
CHUNK_DELIVERY_LIMIT = 200
"""The same for a chunk: each of its photos (64 at most) may take three attempts with it before it is given up."""
REFUSED_LIMIT = 1000
"""Refused messages kept for an operator; the oldest go first."""
VISIBILITY_TIMEOUT = 300
"""Seconds after which the Redis protocol hands out an unacknowledged message again: longer than any task may run."""
CONNECT_TIMEOUT = 4.0
"""Seconds that one attempt to reach the broker may take."""
GRACE = 120.0
"""Seconds that a message outlives its request's deadline, so that the deadline is answered by us and not by the broker."""

BROKER_ERRORS = (KombuError, RedisError, AMQPError, OSError)
"""What kombu raises for a broker that is away or refuses; it translates only what it takes for temporary."""

TASKS = Exchange("attrai", type="topic", durable=True)
DEAD = Exchange("attrai.dead", type="topic", durable=True)
PARKED = Exchange("attrai.refused", type="topic", durable=True)


def celery_app(role: str, broker_url: str, *, declare_queues: bool = True) -> Celery:
    """A Celery application that speaks JSON only, acknowledges late and never waits for ever for its broker.

    `role` names the consumer ("estimator", "replier", "bot"): on the Redis protocol each role keeps its unacknowledged messages apart.
    Without `declare_queues` it needs no right to create anything, and every queue must be there.
    """
    app = Celery(f"attrai_{role}", broker=journaled(broker_url), set_as_current=False)
    app.conf.update(
        task_queues=all_queues(declared=declare_queues),
        task_default_queue=TO_ESTIMATE,
        task_default_exchange=TASKS.name,
        task_default_exchange_type=TASKS.type,
        task_default_queue_type="quorum",
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_acks_on_failure=False,
        task_acks_on_timeout=False,
        task_reject_on_worker_lost=True,
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.2},
        worker_consumer="attrai_shared.celery_consumer:RefusingConsumer",
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=_is_amqp(broker_url),
        broker_connection_timeout=CONNECT_TIMEOUT,
        broker_pool_acquire_timeout=CONNECT_TIMEOUT,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,
        broker_transport_options=_transport_options(role, broker_url),
    )
    if not _is_amqp(broker_url):
        app.steps["consumer"].add(ServerRestartDetector)
    return app


def all_queues(*, declared: bool = True) -> tuple[Queue, ...]:
    """Every queue there is; any service declares them all alike, so that whoever comes first loses nothing.

    In production nobody does (`declared` is false): RabbitMQ creates them from its definitions file, and services lack the right.
    """
    tasks, dead, parked = (_exchange(name, declared) for name in (TASKS.name, DEAD.name, PARKED.name))
    kept = {"x-queue-type": "quorum", "x-max-length": REFUSED_LIMIT}
    return (
        Queue(TO_ESTIMATE, tasks, routing_key=TO_ESTIMATE, queue_arguments=_quorum(DEAD), no_declare=not declared),
        Queue(
            AFTER_ESTIMATE, tasks, routing_key=AFTER_ESTIMATE, queue_arguments=_quorum(DEAD), no_declare=not declared
        ),
        Queue(
            TO_EMBED,
            tasks,
            routing_key=TO_EMBED,
            queue_arguments=_quorum(DEAD, CHUNK_DELIVERY_LIMIT),
            no_declare=not declared,
        ),
        Queue(DEAD_LETTERS, dead, routing_key="#", queue_arguments=_quorum(PARKED), no_declare=not declared),
        Queue(REFUSED, parked, routing_key="#", queue_arguments=kept, no_declare=not declared),
    )


def _exchange(name: str, declared: bool) -> Exchange:
    return Exchange(name, type="topic", durable=True, no_declare=not declared)


def declare(app: Celery) -> None:
    """Creates every exchange and queue, unless the application is one that may not. Raises BrokerUnavailable."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT)
            for queue in app.conf.task_queues:
                queue(connection.default_channel).declare()
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def reach(app: Celery) -> None:
    """Connects to the broker anew, and no more. Raises BrokerUnavailable."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_TIMEOUT)
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def publish(app: Celery, message: ToEstimate | AfterEstimate, now: float, *, once: bool = False) -> None:
    """Hands the message to the broker and waits for its confirmation; where the connection breaks meanwhile, again, unless `once`.

    It expires a while after its request's deadline; `now` is in seconds since 1970. Monitors see the request id and nothing else of it.
    Raises BrokerUnavailable.
    """
    name = TO_ESTIMATE if isinstance(message, ToEstimate) else AFTER_ESTIMATE
    try:
        app.send_task(
            task_name(name),
            args=[message.model_dump(mode="json")],
            task_id=f"{message.request_id}.{name}",
            queue=name,
            routing_key=name,
            expiration=max(message.deadline - now, 0.0) + GRACE,
            confirm_timeout=CONNECT_TIMEOUT,
            retry=not once,
            argsrepr=f"({message.request_id})",
            kwargsrepr="{}",
        )
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def publish_chunk(app: Celery, message: ToEmbed) -> None:
    """Hands a chunk to the broker and waits for its confirmation. Raises BrokerUnavailable.

    Monitors see the run's short id, the chunk's number and how many photos it has, and no name.
    """
    try:
        app.send_task(
            task_name(TO_EMBED),
            args=[message.model_dump(mode="json")],
            task_id=f"{message.run_id}.{message.chunk}.{TO_EMBED}",
            queue=TO_EMBED,
            routing_key=TO_EMBED,
            confirm_timeout=CONNECT_TIMEOUT,
            argsrepr=f"(run {message.run_id[:8]}, chunk {message.chunk}, {message.photos.count} photos)",
            kwargsrepr="{}",
        )
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def waiting(connection: Connection, queue: str) -> int:
    """How many messages lie in the queue, untaken. Creates nothing. Raises BrokerUnavailable."""
    try:
        channel = connection.default_channel
        passive = connection.transport.driver_type == "amqp"  # the Redis protocol forgets a queue that is empty
        return int(channel.queue_declare(queue=queue, passive=passive).message_count)
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def task_name(queue: str) -> str:
    """The Celery name of the one task that a queue carries."""
    return f"attrai.{queue}"


def _is_amqp(broker_url: str) -> bool:
    return broker_url.startswith(("amqp:", "amqps:"))


def _quorum(dead: Exchange, delivery_limit: int = DELIVERY_LIMIT) -> dict[str, str | int]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": delivery_limit,
        "x-dead-letter-exchange": dead.name,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _transport_options(role: str, broker_url: str) -> dict[str, object]:
    if _is_amqp(broker_url):
        return {"confirm_publish": True, "read_timeout": 30, "write_timeout": 10, "max_retries": 1}
    return {
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "unacked_key": f"attrai:unacked:{role}",
        "unacked_index_key": f"attrai:unacked_index:{role}",
        "unacked_mutex_key": f"attrai:unacked_mutex:{role}",
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_keepalive": True,
    }
