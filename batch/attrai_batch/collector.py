"""Collects the results of chunks and writes the parts of the table, in the order of the source."""

import time
from dataclasses import dataclass

from attrai_shared.batch_contracts import ChunkResult, PhotoFailure
from attrai_shared.spool import Spool

from attrai_batch.chunks import Chunk
from attrai_batch.in_flight import InFlight
from attrai_batch.job import BatchJob
from attrai_batch.run_stats import RunStats, photo_outcomes
from attrai_batch.sources.entries import Entry, RefusedEntry
from attrai_batch.table import NamedOutcome

MAX_MESSAGE_LENGTH = 500
"""Characters of a refusal's sentence, as the contract allows."""


@dataclass(slots=True)
class PendingChunk:
    """A chunk that is in no part yet: the names of its photos, each with its refusal if it has one, and the result."""

    names: list[tuple[str, PhotoFailure | None]]
    has_photos: bool
    result: ChunkResult | None = None

    @property
    def is_complete(self) -> bool:
        return self.result is not None or not self.has_photos

    @property
    def photos(self) -> list[NamedOutcome]:
        return photo_outcomes(self.names, self.result)


class Collector:
    """The chunks of one run from their first sight to the part that holds them."""

    def __init__(self, job: BatchJob, spool: Spool, in_flight: InFlight) -> None:
        self._job = job
        self._spool = spool
        self._in_flight = in_flight
        self._pending: dict[int, PendingChunk] = {}
        self._next = job.folder.next_chunk()
        self._part_began = time.monotonic()
        self.stats = job.folder.stats()
        """Of the whole run, earlier parts included."""

    def __len__(self) -> int:
        """How many chunks are in no part yet."""
        return len(self._pending)

    def expect(self, chunk: Chunk) -> None:
        """Remember a chunk. One without a photo to submit is complete at once."""
        pending = PendingChunk([_without_bytes(entry) for entry in chunk.entries], bool(chunk.photos))
        self._pending[chunk.number] = pending
        if pending.is_complete:
            self.stats.add_photos(pending.photos)

    def collect(self) -> bool:
        """Take the results that have arrived; whether there was one. Raises StoreUnavailable, ChunkLost."""
        arrived = self._spool.results(self._job.run_id) & self._in_flight.numbers
        for number in sorted(arrived):
            result = self._spool.read_result(self._job.run_id, number)
            if result is None or len(result.photos) != self._in_flight.message(number).photos.count:
                self._spool.delete_result(self._job.run_id, number)
                self._in_flight.mark_lost(number)
            else:
                self._in_flight.remove(number)
                self._pending[number].result = result
                self.stats.add_photos(self._pending[number].photos)
        self._job.show(self.stats.photos, self.stats.missed)
        return bool(arrived)

    def write_part(self, at_least: int) -> None:
        """Write the complete chunks that follow the last part, if they are at least `at_least`. Raises OSError.

        The spool keeps a chunk's files until the part that holds it is on the disk.
        """
        first, after = self._next, self._next
        while after in self._pending and self._pending[after].is_complete:
            after += 1
        if after - first < at_least:
            return
        photos, stats = self._contents(range(first, after))
        self._job.folder.add_part(first, after, photos, stats)
        for number in range(first, after):
            self._spool.delete(self._job.run_id, number)
            del self._pending[number]
        self._next = after

    def _contents(self, numbers: range) -> tuple[list[NamedOutcome], RunStats]:
        """The photos of some chunks, and the statistics of the part that they make."""
        now = time.monotonic()
        photos: list[NamedOutcome] = []
        stats = RunStats(elapsed=now - self._part_began)
        self._part_began = now
        for number in numbers:
            pending = self._pending[number]
            photos += pending.photos
            if pending.result is not None:
                stats.add_work(pending.result)
        stats.add_photos(photos)
        return photos, stats


def _without_bytes(entry: Entry) -> tuple[str, PhotoFailure | None]:
    if isinstance(entry, RefusedEntry):
        return entry.name, PhotoFailure(code=entry.code, message=entry.message[:MAX_MESSAGE_LENGTH])
    return entry.name, None
