"""Two replicas on two cores against one; and two bare pipelines against one in the same rounds: what the machine itself allows."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.queue.bursts import Sender
from benchmarks.queue.rates import KINDS, Leg, Round, through_queue, without_queue
from benchmarks.queue.system import CORES, Bare, Running, System, bare, replica


@dataclass(frozen=True)
class Scaling:
    """Rounds of one against two on a core each, interleaved: through the queue, and without one."""

    queue: list[Round]
    bare: list[Round]

    @property
    def against_bare(self) -> float:
        """How much of what the machine gives two processes the queue keeps: 1 is all."""
        return median(queue.ratio / bare.ratio for queue, bare in zip(self.queue, self.bare, strict=True))


def two_against_one(system: System, photos: Sequence[Path], count: int, rounds: int) -> Scaling:
    """One, then two, of bare pipelines and of replicas; again and again."""
    queue, alone = [], []
    with ExitStack() as stack:
        pipelines = [stack.enter_context(bare(system, core)) for core in (CORES[0], CORES[-1])]
        one = stack.enter_context(replica(system, "one", CORES[0]))
        sender = Sender(system)
        without_queue(photos, KINDS, *pipelines)
        through_queue(system, sender, photos, KINDS, one)
        for _ in range(rounds):
            alone.append(_bare_round(photos, count, pipelines))
            queue.append(
                Round(through_queue(system, sender, photos, count, one), _two(system, sender, photos, count, one))
            )
    return Scaling(queue, alone)


def _bare_round(photos: Sequence[Path], count: int, pipelines: Sequence[Bare]) -> Round:
    return Round(without_queue(photos, count, pipelines[0]), without_queue(photos, count, *pipelines))


def _two(system: System, sender: Sender, photos: Sequence[Path], count: int, one: Running) -> Leg:
    with replica(system, "two", CORES[-1]) as two:
        through_queue(system, sender, photos, 2 * KINDS, one, two)
        return through_queue(system, sender, photos, 2 * count, one, two)
