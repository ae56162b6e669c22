"""The run itself: chunks go out while there is room, results come in, and what is complete from the beginning on becomes a part."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from attrai_shared.batch_contracts import ChunkResult, PhotoFailure, ToEmbed
from attrai_shared.logs import event
from attrai_shared.spool import Spool

from attrai_batch.chunk_queue import ChunkQueue
from attrai_batch.chunks import Chunk, chunks, photo_locations
from attrai_batch.in_flight import InFlight, is_lost
from attrai_batch.run_folder import ComputeOptions, RunFolder
from attrai_batch.run_stats import RunStats, photo_outcomes
from attrai_batch.settings import BatchEnvironment
from attrai_batch.sources.entries import Entry, MemberEntry, PhotoSource, RefusedEntry
from attrai_batch.table import NamedOutcome

logger = logging.getLogger(__name__)

SPOOL_POLL_S = 0.05
"""Seconds between two looks into the spool."""
QUEUE_CHECK_S = 1.0
"""Seconds between two looks after chunks that are away."""
QUEUE_LOG_S = 10.0
"""Seconds between two events about the queue."""
CHUNKS_PER_PART = 16
"""Chunks that make a part: what a kill costs at most, beside the chunks in flight."""
MAX_CHUNKS_WAITING = 64
"""Chunks that may wait behind one that is late, beside those in flight."""
MAX_MESSAGE_LENGTH = 500

Show = Callable[[int, Mapping[str, int]], None]


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What a run is: where it reads, what it computes, where it writes, what it stands on. `prefix`: see `plan.where`.

    `show` is told of progress; `check` raises what ended the estimators for good.
    """

    run_id: str
    source: PhotoSource
    options: ComputeOptions
    folder: RunFolder
    environment: BatchEnvironment
    prefix: str
    show: Show
    check: Callable[[], None]


@dataclass(slots=True)
class PendingChunk:
    """A chunk until it is in a part: the names of its photos, each with the reason where it was refused; then its result."""

    names: list[tuple[str, PhotoFailure | None]]
    message: ToEmbed | None
    result: ChunkResult | None = None

    @property
    def complete(self) -> bool:
        return self.message is None or self.result is not None

    @property
    def photos(self) -> list[NamedOutcome]:
        return photo_outcomes(self.names, self.result)


@dataclass(slots=True)
class Timer:
    """Says when it is time again; instants of one monotonic clock."""

    every: float
    at: float = field(default_factory=time.monotonic)

    def is_due(self, now: float) -> bool:
        if now < self.at:
            return False
        self.at = now + self.every
        return True


class Batch:
    """One run from its first or next chunk to its last. Memory is bounded by the window, whatever the source's size."""

    def __init__(self, job: BatchJob, queue: ChunkQueue) -> None:
        self._job, self._queue = job, queue
        self._spool = Spool(job.environment.spool)
        self._in_flight = InFlight()
        self._pending: dict[int, PendingChunk] = {}
        self._first = job.folder.next_chunk()
        self._seen = job.folder.stats()
        self._began = time.monotonic()
        self._tend_timer, self._report_timer = Timer(QUEUE_CHECK_S), Timer(QUEUE_LOG_S)

    def run(self) -> None:
        """Until every photo is in a part.

        Raises StoreUnavailable, ChunkLost, SourceError, OSError; what was written until then holds.
        """
        self._spool.open_run(self._job.run_id)
        coming = (chunk for chunk in chunks(self._job.source.entries()) if chunk.number >= self._first)
        more = True
        while more or self._in_flight:
            more = more and self._send(coming)
            arrived = self._collect()
            self._write(at_least=CHUNKS_PER_PART)
            self._tend(time.monotonic())
            if not arrived:
                time.sleep(SPOOL_POLL_S)
        self._write(at_least=1)
        self._spool.close_run(self._job.run_id)
        seen = self._seen
        event(logger, "batch_done", photos=seen.photos, faces=seen.faces, found=seen.found, missed=dict(seen.missed))

    def _send(self, coming: Iterator[Chunk]) -> bool:
        """Fills the window; whether there is more to come."""
        window = self._job.environment.window
        while len(self._in_flight) < window and len(self._pending) < window + MAX_CHUNKS_WAITING:
            chunk = next(coming, None)
            if chunk is None:
                return False
            self._take(chunk)
        return True

    def _take(self, chunk: Chunk) -> None:
        run_id, message = self._job.run_id, self._message(chunk)
        self._pending[chunk.number] = PendingChunk([_named(entry) for entry in chunk.entries], message)
        if message is None:
            self._seen.add_photos(self._pending[chunk.number].photos)
            return
        members = [entry.data for entry in chunk.photos if isinstance(entry, MemberEntry)]
        if members:
            self._spool.write_photos(run_id, chunk.number, members)
        self._in_flight.add(chunk.number, time.time())
        if self._spool.has_result(run_id, chunk.number):  # of an interrupted run
            self._in_flight.submitted(chunk.number, time.time())
        else:
            self._submit(chunk.number)

    def _message(self, chunk: Chunk) -> ToEmbed | None:
        if not chunk.photos:
            return None
        options = self._job.options
        return ToEmbed(
            run_id=self._job.run_id,
            chunk=chunk.number,
            what=options.what,
            faces=options.faces,
            photos=photo_locations(chunk, self._job.prefix),
        )

    def _submit(self, number: int) -> bool:
        message = self._pending[number].message
        taken = message is not None and self._queue.submit(message)
        if taken:
            self._in_flight.submitted(number, time.time())
        return taken

    def _collect(self) -> bool:
        """Takes the results that have come; whether there was one."""
        arrived = self._spool.results(self._job.run_id) & self._in_flight.numbers
        for number in sorted(arrived):
            pending = self._pending[number]
            result = self._spool.read_result(self._job.run_id, number)
            if result is None or pending.message is None or len(result.photos) != pending.message.photos.count:
                self._spool.delete_result(self._job.run_id, number)
                self._in_flight.mark_lost(number)
                continue
            self._in_flight.remove(number)
            pending.result = result
            self._seen.add_photos(pending.photos)
        self._job.show(self._seen.photos, self._seen.missed)
        return bool(arrived)

    def _write(self, at_least: int) -> None:
        """Makes a part of the chunks that are complete from the first one on, if they are enough; then the spool forgets them."""
        after = self._first
        while after in self._pending and self._pending[after].complete:
            after += 1
        if after - self._first < at_least:
            return
        photos: list[NamedOutcome] = []
        stats = RunStats(elapsed=self._lap())
        for number in range(self._first, after):
            pending = self._pending[number]
            photos += pending.photos
            if pending.result is not None:
                stats.add_work(pending.result)
        stats.add_photos(photos)
        self._job.folder.add_part(self._first, after, photos, stats)
        for number in range(self._first, after):
            self._spool.delete(self._job.run_id, number)
            del self._pending[number]
        self._first = after

    def _lap(self) -> float:
        """Seconds since the last part."""
        now = time.monotonic()
        seconds, self._began = now - self._began, now
        return seconds

    def _tend(self, now: float) -> None:
        if not self._tend_timer.is_due(now):
            return
        self._job.check()
        depth = self._queue.depth() if self._in_flight else 0
        if depth == 0:
            self._look_for_lost(time.time())
        for number in self._in_flight.unsubmitted():
            if not self._submit(number):
                break
        if self._report_timer.is_due(now):
            self._report(depth)

    def _look_for_lost(self, now: float) -> None:
        """An empty queue has none of them: whoever has been away too long is with nobody."""
        for number, submitted in self._in_flight.overdue(now):
            sign = self._spool.last_sign(self._job.run_id, number)
            if is_lost(now - submitted, None if sign is None else now - sign):
                event(logger, "chunk_lost", level=logging.WARNING, run=self._job.run_id[:8], chunk=number)
                self._in_flight.mark_lost(number)

    def _report(self, depth: int | None) -> None:
        event(
            logger,
            "batch_queue",
            run=self._job.run_id[:8],
            depth=depth,
            in_flight=len(self._in_flight),
            oldest_seconds=self._in_flight.oldest_age(time.time()),
            photos=self._seen.photos,
            missed=sum(self._seen.missed.values()),
        )


def _named(entry: Entry) -> tuple[str, PhotoFailure | None]:
    """An entry without its bytes."""
    if isinstance(entry, RefusedEntry):
        return entry.name, PhotoFailure(code=entry.code, message=entry.message[:MAX_MESSAGE_LENGTH])
    return entry.name, None
