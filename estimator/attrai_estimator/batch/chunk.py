"""The work on one chunk, from its message to its result: every photo gets a result or a reason."""

import base64
import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_shared.batch_contracts import AlignedSum, ChunkResult, PhotoFailure, PhotoResult, ToEmbed
from attrai_shared.errors import AttraiError, GivenUp, PhotoError, RefusedName, StoreUnavailable, TimedOut
from attrai_shared.logs import event
from attrai_shared.spool import Spool

from attrai_estimator.batch.faces import FaceOptions, LocatedFaces, LocateFaces, describe_faces
from attrai_estimator.batch.limits import ChunkAttempts, time_limit
from attrai_estimator.batch.photos import PhotoReader, photo_readers
from attrai_estimator.networks import Networks
from attrai_estimator.pipeline import Clock

logger = logging.getLogger(__name__)

MAX_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class ChunkContext:
    """What work on a chunk needs. `root` is the data sets' folder; the limits are seconds of one photo."""

    root: Path
    spool: Spool
    networks: Networks
    locate: LocateFaces
    soft_limit: float
    hard_limit: float


def process_chunk(message: ToEmbed, context: ChunkContext) -> ChunkResult:
    """The chunk's result, not yet stored. Raises StoreUnavailable alone.

    The networks see all photos of the chunk together. After an interruption each photo goes alone, so that the one that
    kills the process is known.
    """
    attempts = ChunkAttempts(context.spool, message.run_id, message.chunk)
    photos = list(enumerate(photo_readers(message, context.root, context.spool)))
    run = ChunkRun(context, FaceOptions(message.faces, frozenset(message.what)), attempts)
    for group in [[photo] for photo in photos] if attempts.interrupted else [photos]:
        run.process(group)
    return ChunkResult(
        run_id=message.run_id,
        chunk=message.chunk,
        photos=tuple(run.results[number] for number, _ in photos),
        seconds=run.clock.seconds,
        aligned=run.aligned_sum(),
    )


class ChunkRun:
    """The work on one delivery's photos, group by group."""

    def __init__(self, context: ChunkContext, options: FaceOptions, attempts: ChunkAttempts) -> None:
        self.results: dict[int, PhotoResult | PhotoFailure] = {}
        self.clock = Clock()
        self._context, self._options, self._attempts = context, options, attempts
        self._sum, self._count = np.zeros(0, np.uint32), 0

    def process(self, group: Sequence[tuple[int, PhotoReader]]) -> None:
        """Locate the faces of each photo, describe those of all photos together, add up the aligned faces."""
        located: dict[int, LocatedFaces] = {}
        for number, read in group:
            faces = self._locate(number, read)
            if isinstance(faces, PhotoFailure):
                self.results[number] = faces
            else:
                located[number] = faces
        with time_limit(self._context.soft_limit, self._context.hard_limit):
            results = describe_faces(list(located.values()), self._context.networks, self._options, self.clock)
        self.results.update(zip(located, results, strict=True))
        for photo in located.values():
            self._add(photo)
        self._attempts.end([number for number, _ in group])

    def aligned_sum(self) -> AlignedSum | None:
        """The sum of all aligned faces of the delivery."""
        if not self._count:
            return None
        packed = base64.b64encode(zlib.compress(self._sum.astype("<u4").tobytes(), level=1)).decode()
        return AlignedSum(count=self._count, size=self._sum.shape[0], sums=packed)

    def _add(self, photo: LocatedFaces) -> None:
        total = photo.aligned.sum(axis=0, dtype=np.uint32)
        self._sum = self._sum + total if self._count else total
        self._count += len(photo.aligned)

    def _locate(self, number: int, read: PhotoReader) -> LocatedFaces | PhotoFailure:
        if self._attempts.given_up(number):
            return _failure(GivenUp("work on the photo ended with the process each time"))
        self._attempts.begin(number)
        context = self._context
        try:
            with time_limit(context.soft_limit, context.hard_limit):
                return context.locate(read(), context.networks, self._options, self.clock)
        except (PhotoError, RefusedName, TimedOut) as error:
            return _failure(error)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a library raises for a hostile photo, it gets a row
            event(logger, "photo_failed_unforeseen", level=logging.ERROR, exc_info=True)
            return _failure(GivenUp(f"the estimator failed: {type(error).__name__}"))


def _failure(error: AttraiError) -> PhotoFailure:
    return PhotoFailure(code=error.code, message=str(error)[:MAX_MESSAGE_LENGTH])
