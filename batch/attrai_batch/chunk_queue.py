"""The edge to the broker: submits chunks and measures the queue. An unreachable broker is a value here, not an error."""

import logging
from contextlib import suppress

from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.logs import event
from attrai_shared.queues import TO_EMBED, celery_app, publish_chunk, ready_messages
from kombu import Connection

logger = logging.getLogger(__name__)

ROLE = "batch"


class ChunkQueue:
    """The queue of chunks. It has one connection to measure the queue; Celery has its own for messages."""

    def __init__(self, broker_url: str, *, declare_queues: bool) -> None:
        self._app = celery_app(ROLE, broker_url, declare_queues=declare_queues)
        self._connection: Connection | None = None

    def submit(self, message: ToEmbed) -> bool:
        """Submit a chunk; whether the broker has accepted it."""
        try:
            publish_chunk(self._app, message)
        except BrokerUnavailable as error:
            event(logger, "chunk_not_submitted", level=logging.WARNING, chunk=message.chunk, reason=str(error))
            return False
        return True

    def depth(self) -> int | None:
        """How many chunks of any run wait in the queue; None while the broker is unreachable."""
        try:
            if self._connection is None:
                self._connection = self._app.connection_for_write()
            return ready_messages(self._connection, TO_EMBED)
        except BrokerUnavailable:
            self.close()
            return None

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()
