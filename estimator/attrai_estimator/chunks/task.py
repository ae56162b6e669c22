"""The batch estimator's edge to the queue: one task, `attrai.to_embed`. A chunk is acknowledged when its result lies in the spool."""

import logging
import time

from attrai_shared.batch_contracts import SpoolFile, ToEmbed, read_to_embed
from attrai_shared.errors import StoreUnavailable, TimedOut
from attrai_shared.logs import event
from attrai_shared.queues import TO_EMBED, VISIBILITY_TIMEOUT, task_name
from attrai_shared.refusal import read_or_reject
from attrai_shared.spool import Spool
from celery import Task
from celery.exceptions import Reject

from attrai_estimator.chunks.faces import Locate, locate
from attrai_estimator.chunks.work import Bench, work
from attrai_estimator.networks import load_networks
from attrai_estimator.settings import BatchEstimatorSettings
from attrai_estimator.warm_up import warm_up

logger = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds before a chunk goes back to its queue because the spool refuses: the next delivery would come at once."""


class EmbedTask(Task):  # type: ignore[misc]  # Celery ships no types
    """Runs in the worker's child process; `open_desk` is called there once, after the fork."""

    name = task_name(TO_EMBED)
    time_limit = VISIBILITY_TIMEOUT - 20
    """Seconds: the backstop behind each photo's own limits."""

    def __init__(self, settings: BatchEstimatorSettings, locate_faces: Locate = locate) -> None:
        self._settings = settings
        self._locate = locate_faces
        self._bench: Bench | None = None

    def open_desk(self) -> Bench:
        """Loads the networks, so that the first chunk waits no longer than the next. Raises WrongNetworkFile."""
        settings = self._settings
        networks = load_networks(settings.models, settings.runtime, scorer=settings.scorer, embed=True)
        warm_up(networks)
        spool = Spool(settings.batch_spool)
        self._bench = Bench(
            settings.batch_root, spool, networks, self._locate, settings.soft_limit, settings.hard_limit
        )
        return self._bench

    def run(self, payload: object) -> None:
        """One delivery of one chunk. What cannot be read is set aside; what cannot be stored comes again."""
        message = read_or_reject(read_to_embed, payload)
        bench = self._bench or self.open_desk()
        started = time.perf_counter()
        try:
            if is_over(message, bench.spool):
                return
            result = work(message, bench)
            bench.spool.write_result(result)
        except TimedOut as error:
            raise Reject(error.code, requeue=True) from error
        except StoreUnavailable as error:
            event(logger, "spool_unavailable", level=logging.ERROR, reason=str(error), run=message.run_id[:8])
            time.sleep(PAUSE)
            raise Reject(error.code, requeue=True) from error
        event(
            logger,
            "chunk_embedded",
            run=message.run_id[:8],
            chunk=message.chunk,
            photos=len(result.photos),
            missed=sum(photo.kind == "missed" for photo in result.photos),
            seconds={**result.seconds, "all": time.perf_counter() - started},
        )


def is_over(message: ToEmbed, spool: Spool) -> bool:
    """Whether nobody waits for the chunk: its run has ended, its result is there, or has been taken and the members deleted.

    A run that was killed and goes on submits again what is still in the queue. Raises StoreUnavailable.
    """
    run_id, chunk = message.run_id, message.chunk
    if not spool.is_open(run_id) or spool.has_result(run_id, chunk):
        return True
    return isinstance(message.photos, SpoolFile) and not spool.has_photos(run_id, chunk)
