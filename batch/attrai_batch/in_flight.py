"""The chunks in flight: submitted, or about to be, and without a result. Decides when one is lost. Pure."""

from dataclasses import dataclass

from attrai_shared.batch_contracts import ToEmbed

from attrai_batch.errors import ChunkLost

START_TIMEOUT_S = 8.0
"""Seconds after which a chunk that no estimator began is lost if the queue is empty. A new estimator loads its networks in less."""
SILENCE_TIMEOUT_S = 90.0
"""Seconds without a sign of work after which a started chunk is lost if the queue is empty: twice a photo's hard limit."""
MAX_LOSSES = 10
"""Losses of one chunk that a run accepts."""


@dataclass(slots=True)
class ChunkInFlight:
    """One chunk; times in seconds since 1970. `submitted` is None until the broker accepts the message."""

    message: ToEmbed
    since: float
    submitted: float | None = None
    losses: int = 0


class InFlight:
    """All chunks in flight, by number."""

    def __init__(self) -> None:
        self._chunks: dict[int, ChunkInFlight] = {}

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def numbers(self) -> set[int]:
        return set(self._chunks)

    def oldest_age(self, now: float) -> float:
        """Seconds since the oldest chunk was added; 0 without any."""
        return max((now - chunk.since for chunk in self._chunks.values()), default=0.0)

    def add(self, message: ToEmbed, now: float) -> None:
        """Add a chunk that is still to be submitted."""
        self._chunks[message.chunk] = ChunkInFlight(message, now)

    def message(self, number: int) -> ToEmbed:
        return self._chunks[number].message

    def submitted(self, number: int, now: float) -> None:
        """The broker has accepted the chunk."""
        self._chunks[number].submitted = now

    def remove(self, number: int) -> None:
        """The chunk's result has arrived."""
        del self._chunks[number]

    def unsubmitted(self) -> list[int]:
        """Chunks to submit, in order."""
        return sorted(number for number, chunk in self._chunks.items() if chunk.submitted is None)

    def overdue(self, now: float) -> list[tuple[int, float]]:
        """Chunks submitted long enough ago to be lost, each with the time of its submission."""
        submitted = [(number, chunk.submitted) for number, chunk in self._chunks.items() if chunk.submitted is not None]
        return [(number, instant) for number, instant in submitted if now - instant > START_TIMEOUT_S]

    def mark_lost(self, number: int) -> None:
        """The chunk must be submitted again. Raises ChunkLost after too many losses."""
        chunk = self._chunks[number]
        chunk.submitted, chunk.losses = None, chunk.losses + 1
        if chunk.losses > MAX_LOSSES:
            raise ChunkLost(
                f"Chunk {number} was submitted {chunk.losses} times and came to nothing; the estimators' logs say why."
            )


def is_lost(submitted_seconds: float, silent_seconds: float | None) -> bool:
    """Whether no estimator works on a chunk that is not in the queue; `silent_seconds` is None if work never began."""
    if silent_seconds is None:
        return submitted_seconds > START_TIMEOUT_S
    return min(silent_seconds, submitted_seconds) > SILENCE_TIMEOUT_S
