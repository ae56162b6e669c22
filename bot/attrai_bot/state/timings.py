"""How long estimates take, by what was measured lately: a line through seconds over bytes of the file. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

WINDOW = 40
"""Photos that count: enough that one large photo moves no forecast by much, few enough that a slower machine shows soon."""
FIRST_SECONDS = 0.2
"""Seconds that an estimate is taken to need before any was measured."""
OVERHEAD = 0.005
"""Seconds that a replica spends on a photo beyond the pipeline's steps: queue, store, counter (`make bench-queue`)."""


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """Work that waits: so many photos, of so many bytes together."""

    photos: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Of the last `photos` estimates (at most `WINDOW`, older ones fading): mean seconds, mean bytes, and how these go together."""

    photos: float = 0
    seconds: float = FIRST_SECONDS
    bytes: float = 0.0
    variance: float = 0.0
    covariance: float = 0.0

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """From the request store's hash, which may be empty."""
        return cls(**{name: float(fields[name]) for name in cls.__slots__ if name in fields})

    def needed(self, load: QueueLoad) -> float:
        """Seconds in which one replica should work off the load."""
        deviation = load.bytes - load.photos * self.bytes
        return load.photos * (self.seconds + OVERHEAD) + self._slope * deviation

    @property
    def _slope(self) -> float:
        """Seconds a byte, by least squares; nearer to 0 the fewer photos speak for it, and an empty file never needs less than none."""
        if not self.photos or not self.bytes:
            return 0.0
        slope = self.covariance / (self.variance + self.bytes**2 / self.photos)
        return min(max(slope, 0.0), self.seconds / self.bytes)
