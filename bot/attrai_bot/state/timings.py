"""How long estimates take: a least-squares line of seconds over file size, through recent measurements. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

WINDOW_PHOTOS = 40
"""Large enough that one large photo hardly moves the ETA, small enough that a slower machine shows soon."""
DEFAULT_ESTIMATE_S = 0.2
"""Assumed for an estimate before the first measurement."""
OVERHEAD_S = 0.005
"""What a replica spends on a photo beyond the pipeline's steps: queue, store, counter (`make bench-queue`)."""


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """Waiting work: the number of photos, and their bytes in all."""

    photos: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Timings:
    """Running means over the last `photos` estimates, at most `WINDOW_PHOTOS`; older ones fade out."""

    photos: float = 0
    seconds: float = DEFAULT_ESTIMATE_S
    bytes: float = 0.0
    variance: float = 0.0
    covariance: float = 0.0

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """From the fields in Redis, which may be missing."""
        return cls(**{name: float(fields[name]) for name in cls.__slots__ if name in fields})

    def needed(self, load: QueueLoad) -> float:
        """Seconds that one replica needs for the load."""
        deviation = load.bytes - load.photos * self.bytes
        return load.photos * (self.seconds + OVERHEAD_S) + self._slope * deviation

    @property
    def _slope(self) -> float:
        """Seconds per byte, by least squares, shrunk towards 0 for few photos.

        Limited so that no file needs negative time.
        """
        spread = self.variance + self.bytes**2 / self.photos if self.photos else 0.0
        if not spread or not self.bytes:
            return 0.0
        return min(max(self.covariance / spread, 0.0), self.seconds / self.bytes)
