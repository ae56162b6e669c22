"""A worker whose task does nothing, for tests of the worker itself. Its argument is the broker's URL."""

import sys

from attrai_shared.queues import TO_ESTIMATE, celery_app, task_name
from celery import Celery


def nothing(payload: object) -> None:
    """The whole task."""


def noop_worker(broker_url: str) -> Celery:
    """The application, with its task."""
    app = celery_app("estimator", broker_url)
    app.task(name=task_name(TO_ESTIMATE))(nothing)
    return app


if __name__ == "__main__":
    noop_worker(sys.argv[1]).Worker(
        hostname="noop@test", pool_cls="prefork", concurrency=1, queues=[TO_ESTIMATE], without_gossip=True, quiet=True
    ).start()
