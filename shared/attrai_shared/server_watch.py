"""A step of Celery's consumer that notices when the Redis-protocol server behind it has been started anew.

kombu waits for ever on the socket to the old one: its connection is opened again beneath it, and its loop still listens to what was closed.
"""

from celery import bootsteps
from redis.exceptions import ConnectionError as ConnectionLost

LOOK = 1.0
"""Seconds between two questions to the server, each of a fraction of a millisecond."""


class ServerWatch(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery ships no types
    """Raises a connection error into the consumer's loop, which then connects from the beginning."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: object, **_: object) -> None:
        self._timer: object | None = None

    def start(self, c: object) -> None:
        """Remembers which server it is, and asks again and again."""
        first = _server(c)

        def look() -> None:
            if _server(c) != first:
                raise ConnectionLost("the server has been started anew")

        self._timer = c.timer.call_repeatedly(LOOK, look)  # type: ignore[attr-defined]

    def stop(self, c: object) -> None:
        """The next connection has a watch of its own."""
        if self._timer is not None:
            self._timer.cancel()  # type: ignore[attr-defined]


def _server(c: object) -> str:
    """The random id that the server gave itself when it started.

    Asked on a connection of its own: on the consumer's, where its BRPOP waits, the next answer is a message, or that there is none.
    """
    with c.connection.default_channel.conn_or_acquire() as client:  # type: ignore[attr-defined]
        return str(client.info("server")["run_id"])
