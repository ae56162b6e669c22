"""The edge to the broker: chunks are handed in, and the queue is measured. A broker that is away is told by a value, not an error."""

import logging
from contextlib import suppress

from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.errors import BrokerUnavailable
from attrai_shared.logs import event
from attrai_shared.queues import TO_EMBED, celery_app, publish_chunk, waiting
from kombu import Connection

logger = logging.getLogger(__name__)

ROLE = "batch"


class ChunkQueue:
    """One connection for questions; Celery's own for messages."""

    def __init__(self, broker_url: str, *, declare_queues: bool) -> None:
        self._app = celery_app(ROLE, broker_url, declare_queues=declare_queues)
        self._connection: Connection | None = None

    def submit(self, message: ToEmbed) -> bool:
        """Whether the broker has taken the chunk."""
        try:
            publish_chunk(self._app, message)
        except BrokerUnavailable as error:
            event(logger, "chunk_not_submitted", level=logging.WARNING, chunk=message.chunk, reason=str(error))
            return False
        return True

    def depth(self) -> int | None:
        """How many chunks, of any run, wait in the queue; None while the broker is away."""
        try:
            if self._connection is None:
                self._connection = self._app.connection_for_write()
            return waiting(self._connection, TO_EMBED)
        except BrokerUnavailable:
            self.close()
            return None

    def close(self) -> None:
        """Lets the connections go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()
