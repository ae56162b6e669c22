"""Submits chunks to the estimators: a bounded number in flight, and again those that were lost."""

import logging
import time
from dataclasses import dataclass, field

from attrai_shared.batch_contracts import ToEmbed
from attrai_shared.logs import event
from attrai_shared.spool import Spool

from attrai_batch.chunk_queue import ChunkQueue
from attrai_batch.chunks import Chunk, photo_locations
from attrai_batch.in_flight import InFlight, is_lost
from attrai_batch.job import BatchJob
from attrai_batch.run_stats import RunStats
from attrai_batch.sources.entries import MemberEntry

logger = logging.getLogger(__name__)

QUEUE_CHECK_INTERVAL_S = 1.0
"""Seconds between two checks of the queue and of the estimators."""
QUEUE_LOG_INTERVAL_S = 10.0
"""Seconds between two log events about the queue."""


@dataclass(slots=True)
class IntervalTimer:
    """Says when `seconds` have passed; times of one monotonic clock."""

    seconds: float
    next_time: float = field(default_factory=time.monotonic)

    def is_due(self, now: float) -> bool:
        if now < self.next_time:
            return False
        self.next_time = now + self.seconds
        return True


class Producer:
    """Submits the chunks of one run."""

    def __init__(self, job: BatchJob, spool: Spool, queue: ChunkQueue, in_flight: InFlight) -> None:
        self._job = job
        self._spool = spool
        self._queue = queue
        self._in_flight = in_flight
        self._check_timer = IntervalTimer(QUEUE_CHECK_INTERVAL_S)
        self._log_timer = IntervalTimer(QUEUE_LOG_INTERVAL_S)

    def submit(self, chunk: Chunk) -> None:
        """Put a new chunk in flight. If an interrupted run left its result in the spool, nothing is published."""
        if not chunk.photos:
            return
        run_id, number = self._job.run_id, chunk.number
        members = [photo.data for photo in chunk.photos if isinstance(photo, MemberEntry)]
        if members:
            self._spool.write_photos(run_id, number, members)
        self._in_flight.add(self._message(chunk), time.time())
        if self._spool.has_result(run_id, number):
            self._in_flight.submitted(number, time.time())
        else:
            self._publish(number)

    def check(self, stats: RunStats) -> None:
        """Once a second: check the estimators, find lost chunks, and submit what the broker has not accepted yet.

        `stats` of the run so far are logged. Raises ChunkLost, and what ended the estimators.
        """
        now = time.monotonic()
        if not self._check_timer.is_due(now):
            return
        self._job.check()
        depth = self._queue.depth() if self._in_flight else 0
        if depth == 0:
            self._find_lost(time.time())
        for number in self._in_flight.unsubmitted():
            if not self._publish(number):
                break
        if self._log_timer.is_due(now):
            self._log(depth, stats)

    def _message(self, chunk: Chunk) -> ToEmbed:
        options = self._job.options
        return ToEmbed(
            run_id=self._job.run_id,
            chunk=chunk.number,
            what=options.what,
            faces=options.faces,
            photos=photo_locations(chunk, self._job.prefix),
        )

    def _publish(self, number: int) -> bool:
        """Whether the broker accepted the chunk; if not, the next check tries again."""
        accepted = self._queue.submit(self._in_flight.message(number))
        if accepted:
            self._in_flight.submitted(number, time.time())
        return accepted

    def _find_lost(self, now: float) -> None:
        """The queue is empty: an overdue chunk without a sign of work is with no estimator."""
        for number, submitted in self._in_flight.overdue(now):
            sign = self._spool.last_sign(self._job.run_id, number)
            if is_lost(now - submitted, None if sign is None else now - sign):
                event(logger, "chunk_lost", level=logging.WARNING, run=self._job.run_id[:8], chunk=number)
                self._in_flight.mark_lost(number)

    def _log(self, depth: int | None, stats: RunStats) -> None:
        event(
            logger,
            "batch_queue",
            run=self._job.run_id[:8],
            depth=depth,
            in_flight=len(self._in_flight),
            oldest_seconds=self._in_flight.oldest_age(time.time()),
            photos=stats.photos,
            missed=sum(stats.missed.values()),
        )
