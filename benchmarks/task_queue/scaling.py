"""Two replicas on two cores against one, and in the same rounds two bare pipelines, which are the machine's limit."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.task_queue.bursts import BurstPublisher
from benchmarks.task_queue.rates import DISTINCT_PHOTOS, QueueTiming, Round, through_queue, without_queue
from benchmarks.task_queue.system import CORES, Bare, Running, System, bare, replica


@dataclass(frozen=True)
class Scaling:
    """Interleaved rounds of one against two, on a core each: through the queue, and without it."""

    queue: list[Round]
    bare: list[Round]

    @property
    def against_bare(self) -> float:
        """The replicas' gain in proportion to the bare pipelines' gain; 1 is best."""
        return median(queue.ratio / bare.ratio for queue, bare in zip(self.queue, self.bare, strict=True))


def two_against_one(system: System, photos: Sequence[Path], count: int, rounds: int) -> Scaling:
    """In each round: one, then two, of bare pipelines and of replicas."""
    queue, alone = [], []
    with ExitStack() as stack:
        pipelines = [stack.enter_context(bare(system, core)) for core in (CORES[0], CORES[-1])]
        one = stack.enter_context(replica(system, "one", CORES[0]))
        publisher = BurstPublisher(system)
        without_queue(photos, DISTINCT_PHOTOS, *pipelines)
        through_queue(system, publisher, photos, DISTINCT_PHOTOS, one)
        for _ in range(rounds):
            alone.append(_bare_round(photos, count, pipelines))
            queue.append(
                Round(through_queue(system, publisher, photos, count, one), _two(system, publisher, photos, count, one))
            )
    return Scaling(queue, alone)


def _bare_round(photos: Sequence[Path], count: int, pipelines: Sequence[Bare]) -> Round:
    return Round(without_queue(photos, count, pipelines[0]), without_queue(photos, count, *pipelines))


def _two(system: System, publisher: BurstPublisher, photos: Sequence[Path], count: int, one: Running) -> QueueTiming:
    with replica(system, "two", CORES[-1]) as two:
        through_queue(system, publisher, photos, 2 * DISTINCT_PHOTOS, one, two)
        return through_queue(system, publisher, photos, 2 * count, one, two)
