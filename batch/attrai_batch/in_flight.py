"""The chunks in flight: submitted and without a result. When one counts as lost and is submitted again. Pure."""

from dataclasses import dataclass

START_TIMEOUT_S = 8.0
"""Seconds after which a chunk that nobody began is lost, if the queue is empty: more than a fresh child needs to load its networks."""
SILENCE_TIMEOUT_S = 90.0
"""Seconds without a sign of work after which a chunk that was begun is lost, if the queue is empty: twice a photo's hard limit."""
MAX_LOSSES = 10


@dataclass(slots=True)
class ChunkInFlight:
    """One chunk in flight; instants in seconds since 1970. `submitted` is None while no broker has taken it."""

    since: float
    submitted: float | None = None
    losses: int = 0


class ChunkLost(Exception):
    """A chunk was lost again and again: the estimators or their spool are not what they should be."""


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
        """Seconds since the oldest one took off; 0 without any."""
        return max((now - one.since for one in self._chunks.values()), default=0.0)

    def add(self, chunk: int, now: float) -> None:
        """The chunk is to be submitted."""
        self._chunks[chunk] = ChunkInFlight(now)

    def submitted(self, chunk: int, now: float) -> None:
        self._chunks[chunk].submitted = now

    def remove(self, chunk: int) -> None:
        """Its result is there."""
        del self._chunks[chunk]

    def unsubmitted(self) -> list[int]:
        """Those that a broker has still to take, in order."""
        return sorted(chunk for chunk, one in self._chunks.items() if one.submitted is None)

    def overdue(self, now: float) -> list[tuple[int, float]]:
        """Those that have been away long enough to be asked about, each with the instant of its submission."""
        away = [(chunk, one.submitted) for chunk, one in self._chunks.items() if one.submitted is not None]
        return [(chunk, submitted) for chunk, submitted in away if now - submitted > START_TIMEOUT_S]

    def mark_lost(self, chunk: int) -> None:
        """The chunk must be submitted again. Raises ChunkLost when that has happened too often."""
        one = self._chunks[chunk]
        one.submitted, one.losses = None, one.losses + 1
        if one.losses > MAX_LOSSES:
            raise ChunkLost(
                f"Chunk {chunk} was submitted {one.losses} times and came to nothing; the estimators' logs say why."
            )


def is_lost(submitted_seconds: float, silent_seconds: float | None) -> bool:
    """Whether a chunk that lies in no queue is worked on by nobody; `silent_seconds` is None where work never began."""
    return (
        submitted_seconds > START_TIMEOUT_S
        if silent_seconds is None
        else min(silent_seconds, submitted_seconds) > SILENCE_TIMEOUT_S
    )
