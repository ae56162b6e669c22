"""The task `attrai.to_embed`. A chunk is acknowledged once its result is in the spool."""

import logging
import time

from attrai_shared.batch_contracts import SpoolFile, ToEmbed, read_to_embed
from attrai_shared.errors import StoreUnavailable, TimedOut
from attrai_shared.logs import event
from attrai_shared.queues import TO_EMBED, VISIBILITY_TIMEOUT_S, task_name
from attrai_shared.refusal import read_or_reject
from attrai_shared.spool import Spool
from celery import Task
from celery.exceptions import Reject

from attrai_estimator.batch.chunk import ChunkContext, process_chunk
from attrai_estimator.batch.faces import LocateFaces, locate_faces
from attrai_estimator.networks import load_networks
from attrai_estimator.settings import BatchEstimatorSettings
from attrai_estimator.warm_up import warm_up

logger = logging.getLogger(__name__)

REQUEUE_PAUSE_S = 1.0
"""The pause before a chunk returns to its queue while the spool is away. The next delivery follows at once."""


class EmbedTask(Task):  # type: ignore[misc]  # Celery ships no types
    """Runs in the worker's child process, which calls `load` once after the fork."""

    name = task_name(TO_EMBED)
    time_limit = VISIBILITY_TIMEOUT_S - 20
    """Seconds. It is the backstop of each photo's limits."""

    def __init__(self, settings: BatchEstimatorSettings, locate: LocateFaces = locate_faces) -> None:
        self._settings = settings
        self._locate = locate
        self._context: ChunkContext | None = None

    def load(self) -> ChunkContext:
        """Load and warm up the networks, so that the first chunk is as quick as the next. Raises WrongNetworkFile."""
        settings = self._settings
        networks = load_networks(settings.models, settings.runtime, scorer=settings.scorer, embed=True)
        warm_up(networks)
        spool = Spool(settings.batch_spool)
        self._context = ChunkContext(
            settings.batch_root, spool, networks, self._locate, settings.soft_limit, settings.hard_limit
        )
        return self._context

    def run(self, payload: object) -> None:
        """Process one delivery of one chunk and store its result.

        An unreadable message is set aside. A chunk whose result cannot be stored returns to its queue.
        """
        message = read_or_reject(read_to_embed, payload)
        context = self._context or self.load()
        started = time.perf_counter()
        try:
            if is_over(message, context.spool):
                return
            result = process_chunk(message, context)
            context.spool.write_result(result)
        except TimedOut as error:
            raise Reject(error.code, requeue=True) from error
        except StoreUnavailable as error:
            event(logger, "spool_unavailable", level=logging.ERROR, reason=str(error), run=message.run_id[:8])
            time.sleep(REQUEUE_PAUSE_S)
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
    """Whether the chunk needs no work: its run has ended, or its result was stored or already collected.

    A resumed run submits again what is still in the queue. Raises StoreUnavailable.
    """
    run_id, chunk = message.run_id, message.chunk
    if not spool.is_open(run_id) or spool.has_result(run_id, chunk):
        return True
    return isinstance(message.photos, SpoolFile) and not spool.has_photos(run_id, chunk)
