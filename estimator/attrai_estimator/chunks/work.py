"""One chunk from message to result: every photo gets an outcome, whatever it is, and whatever became of earlier deliveries."""

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

from attrai_estimator.chunks.faces import Locate, Located, Wish, described
from attrai_estimator.chunks.limits import limited
from attrai_estimator.chunks.marks import Marks
from attrai_estimator.chunks.photos import Opener, openers
from attrai_estimator.networks import Networks
from attrai_estimator.pipeline import Clock

logger = logging.getLogger(__name__)

MESSAGE_LENGTH = 500
Outcomes = dict[int, PhotoResult | PhotoFailure]


@dataclass(frozen=True, slots=True)
class Bench:
    """What work on a chunk needs: the data sets' root, the spool, the networks, what finds faces, a photo's limits in seconds."""

    root: Path
    spool: Spool
    networks: Networks
    locate: Locate
    soft_limit: float
    hard_limit: float


def work(message: ToEmbed, bench: Bench) -> ChunkResult:
    """The chunk's result, not yet stored. Raises StoreUnavailable alone.

    Photos go through the describing networks together; after an interruption each goes alone, so that the guilty one is known.
    """
    marks = Marks(bench.spool, message.run_id, message.chunk)
    photos = list(enumerate(openers(message, bench.root, bench.spool)))
    shift = _Shift(bench, Wish(message.faces, frozenset(message.what)), marks)
    for group in [[photo] for photo in photos] if marks.interrupted else [photos]:
        shift.take(group)
    return ChunkResult(
        run_id=message.run_id,
        chunk=message.chunk,
        photos=tuple(shift.outcomes[number] for number, _ in photos),
        seconds=shift.clock.seconds,
        aligned=shift.aligned(),
    )


class _Shift:
    """The work on one delivery's photos, group by group."""

    def __init__(self, bench: Bench, wish: Wish, marks: Marks) -> None:
        self.outcomes: Outcomes = {}
        self.clock = Clock()
        self._bench, self._wish, self._marks = bench, wish, marks
        self._sum, self._count = np.zeros(0, np.uint32), 0

    def take(self, group: Sequence[tuple[int, Opener]]) -> None:
        """Gives each photo of the group an outcome."""
        located: dict[int, Located] = {}
        for number, read in group:
            found = self._locate(number, read)
            if isinstance(found, PhotoFailure):
                self.outcomes[number] = found
            else:
                located[number] = found
        with limited(self._bench.soft_limit, self._bench.hard_limit):
            founds = described(list(located.values()), self._bench.networks, self._wish, self.clock)
        self.outcomes.update(zip(located, founds, strict=True))
        for photo in located.values():
            self._add(photo)
        self._marks.end([number for number, _ in group])

    def aligned(self) -> AlignedSum | None:
        """All aligned faces of the delivery, added up."""
        if not self._count:
            return None
        packed = base64.b64encode(zlib.compress(self._sum.astype("<u4").tobytes(), level=1)).decode()
        return AlignedSum(count=self._count, size=self._sum.shape[0], sums=packed)

    def _add(self, photo: Located) -> None:
        total = photo.aligned.sum(axis=0, dtype=np.uint32)
        self._sum = self._sum + total if self._count else total
        self._count += len(photo.aligned)

    def _locate(self, number: int, read: Opener) -> Located | PhotoFailure:
        if self._marks.given_up(number):
            return _missed(GivenUp("work on the photo ended with the process each time"))
        self._marks.begin(number)
        bench = self._bench
        try:
            with limited(bench.soft_limit, bench.hard_limit):
                return bench.locate(read(), bench.networks, self._wish, self.clock)
        except (PhotoError, RefusedName, TimedOut) as error:
            return _missed(error)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a library throws at a hostile photo, it gets a row
            event(logger, "photo_failed_unforeseen", level=logging.ERROR, exc_info=True)
            return _missed(GivenUp(f"the estimator failed: {type(error).__name__}"))


def _missed(error: AttraiError) -> PhotoFailure:
    return PhotoFailure(code=error.code, message=str(error)[:MESSAGE_LENGTH])
