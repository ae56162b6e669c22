"""The queues and the Celery configuration of all services, for RabbitMQ and for the Redis protocol.

to_estimate ──▶ estimator ──▶ after_estimate ──▶ replier
     └─ given up by the broker ─▶ dead_letters ──▶ replier ─ not readable ─▶ refused (kept for an operator)
batch ──▶ to_embed ──▶ batch estimator ──▶ the spool
"""

from contextlib import nullcontext

from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Connection, Exchange, Queue
from kombu.exceptions import KombuError
from redis import RedisError

from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.contracts import AfterEstimate, ToEstimate
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.redis_transport import with_journal

TO_ESTIMATE = "to_estimate"
TO_EMBED = "to_embed"
AFTER_ESTIMATE = "after_estimate"
DEAD_LETTERS = "dead_letters"
REFUSED = "refused"

DELIVERY_LIMIT = 10
"""Deliveries after which RabbitMQ dead-letters a message. Our own count of attempts ends a request earlier."""
CHUNK_DELIVERY_LIMIT = 200
"""For a chunk: each of its photos (at most 64) may fail three times."""
MAX_REFUSED = 1000
"""Refused messages kept for an operator; the oldest are dropped first."""
VISIBILITY_TIMEOUT_S = 300
"""After it the Redis protocol redelivers an unacknowledged message. Longer than any task may run."""
CONNECT_TIMEOUT_S = 4.0
"""For one attempt to reach the broker."""
EXPIRY_GRACE_S = 120.0
"""A message outlives its request's deadline by this time, so that the reaper answers before the broker drops it."""

CONSUMER_MODULE = "attrai_shared.celery_consumer"
"""Celery imports it by name in a worker. A process that only publishes starts without Celery's worker."""
BROKER_ERRORS = (KombuError, RedisError, AMQPError, OSError)
"""What kombu raises when the broker is away or refuses; it does not translate all of them."""

TASKS = Exchange("attrai", type="topic", durable=True)
DEAD = Exchange("attrai.dead", type="topic", durable=True)
REFUSED_EXCHANGE = Exchange("attrai.refused", type="topic", durable=True)


def celery_app(role: str, broker_url: str, *, declare_queues: bool = True) -> Celery:
    """A Celery application that uses JSON only, acknowledges late and never waits for its broker without a timeout.

    `role`: the consumer ("estimator", "replier", "bot"). On the Redis protocol unacknowledged messages are kept by
    role. Without `declare_queues` it needs no right to create queues, and every queue must exist.
    """
    app = Celery(f"attrai_{role}", broker=with_journal(broker_url), set_as_current=False)
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
        worker_consumer=f"{CONSUMER_MODULE}:RefusingConsumer",
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=_is_amqp(broker_url),
        broker_connection_timeout=CONNECT_TIMEOUT_S,
        broker_pool_acquire_timeout=CONNECT_TIMEOUT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=10,
        broker_transport_options=_transport_options(role, broker_url),
    )
    if not _is_amqp(broker_url):
        app.steps["consumer"].add(f"{CONSUMER_MODULE}:ServerRestartDetector")
    return app


def all_queues(*, declared: bool = True) -> tuple[Queue, ...]:
    """Every queue. Each service declares all of them, so that the order in which services start does not matter.

    In production `declared` is false: RabbitMQ creates the queues from its definitions file, and services have no right
    to.
    """
    tasks, dead, refused = (_exchange(name, declared) for name in (TASKS.name, DEAD.name, REFUSED_EXCHANGE.name))
    kept = {"x-queue-type": "quorum", "x-max-length": MAX_REFUSED}
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
        Queue(DEAD_LETTERS, dead, routing_key="#", queue_arguments=_quorum(REFUSED_EXCHANGE), no_declare=not declared),
        Queue(REFUSED, refused, routing_key="#", queue_arguments=kept, no_declare=not declared),
    )


def _exchange(name: str, declared: bool) -> Exchange:
    return Exchange(name, type="topic", durable=True, no_declare=not declared)


def declare(app: Celery) -> None:
    """Creates every exchange and queue, if the application may. Raises BrokerUnavailable."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_S)
            for queue in app.conf.task_queues:
                queue(connection.default_channel).declare()
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def check_connection(app: Celery) -> None:
    """Checks that a new connection to the broker can be made. Raises BrokerUnavailable."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_TIMEOUT_S)
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def publish(
    app: Celery,
    message: ToEstimate | AfterEstimate,
    now: float,
    *,
    once: bool = False,
    new_connection: bool = False,
) -> None:
    """Publishes the message and waits for the broker's confirmation.

    Tries again if the connection breaks, unless `once`. A `new_connection` is for after a restart of the broker, which
    breaks every connection of the pool.

    The message expires after its request's deadline. `now`: seconds since 1970. Monitors see only the request id.
    Raises BrokerUnavailable.
    """
    name = TO_ESTIMATE if isinstance(message, ToEstimate) else AFTER_ESTIMATE
    try:
        with app.connection_for_write() if new_connection else nullcontext() as connection:
            app.send_task(
                task_name(name),
                args=[message.model_dump(mode="json")],
                task_id=f"{message.request_id}.{name}",
                queue=name,
                routing_key=name,
                expiration=max(message.deadline - now, 0.0) + EXPIRY_GRACE_S,
                confirm_timeout=CONNECT_TIMEOUT_S,
                retry=not once,
                argsrepr=f"({message.request_id})",
                kwargsrepr="{}",
                connection=connection,
            )
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def publish_chunk(app: Celery, message: ToEmbed) -> None:
    """Publishes a chunk and waits for the broker's confirmation. Raises BrokerUnavailable.

    Monitors see the run's short id, the chunk's number and the number of photos, but no names.
    """
    try:
        app.send_task(
            task_name(TO_EMBED),
            args=[message.model_dump(mode="json")],
            task_id=f"{message.run_id}.{message.chunk}.{TO_EMBED}",
            queue=TO_EMBED,
            routing_key=TO_EMBED,
            confirm_timeout=CONNECT_TIMEOUT_S,
            argsrepr=f"(run {message.run_id[:8]}, chunk {message.chunk}, {message.photos.count} photos)",
            kwargsrepr="{}",
        )
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def ready_messages(connection: Connection, queue: str) -> int:
    """The number of ready messages in the queue. Creates nothing. Raises BrokerUnavailable."""
    try:
        channel = connection.default_channel
        passive = connection.transport.driver_type == "amqp"  # an empty queue does not exist on the Redis protocol
        return int(channel.queue_declare(queue=queue, passive=passive).message_count)
    except BROKER_ERRORS as error:
        raise BrokerUnavailable(type(error).__name__) from error


def task_name(queue: str) -> str:
    """The Celery name of a queue's only task."""
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
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "unacked_key": f"attrai:unacked:{role}",
        "unacked_index_key": f"attrai:unacked_index:{role}",
        "unacked_mutex_key": f"attrai:unacked_mutex:{role}",
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
    }
