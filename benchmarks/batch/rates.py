"""Photos a second, round by round: bare pipelines, a batch through RabbitMQ, a batch without servers, face_recognition."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from attrai_batch.run_stats import RunStats, stats_from_metadata
from attrai_batch.table import read_metadata

from benchmarks.asked import Asked
from benchmarks.batch.ground import ROOT, Place, asked, queue
from benchmarks.batch.measured import Leg, measure

BARE = (sys.executable, "-m", "benchmarks.batch.bare")
COMMAND = (sys.executable, "-m", "benchmarks.batch.installed")
PEER = ("-m", "benchmarks.batch.peer")
QUEUE, EMBEDDED, PIPELINES, PEERS = "through RabbitMQ", "without servers", "bare pipelines", "face_recognition"
WARM_UP = 8
"""Photos that a process is given before it is measured."""
WHAT = ("--what", "embedding")
"""What face_recognition computes too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`peer`: a Python that has dlib and face_recognition_models, or None; it is given so many photos of a round."""

    workers: int
    rounds: int
    peer: str | None
    peer_photos: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Each way's legs, one a round, and what the last batch through the queue came to."""

    legs: dict[str, list[Leg]]
    stats: RunStats


def compare(place: Place, photos: Sequence[Path], plan: Plan) -> Measured:
    """All ways, again and again."""
    legs: dict[str, list[Leg]] = defaultdict(list)
    few = photos[:: max(len(photos) // plan.peer_photos, 1)][: plan.peer_photos]
    with ExitStack() as stack:
        pipelines = stack.enter_context(asked(BARE, plan.workers, place))
        peers = stack.enter_context(asked((plan.peer, *PEER), plan.workers, place)) if plan.peer else []
        servers = stack.enter_context(queue(place, plan.workers))
        _seconds([*pipelines, *peers], photos[:WARM_UP])
        for _ in range(plan.rounds):
            legs[PIPELINES].append(measure(len(photos), lambda: _seconds(pipelines, photos)))
            legs[QUEUE].append(measure(len(photos), lambda: _batch(place, servers).elapsed))
            legs[EMBEDDED].append(
                measure(len(photos), lambda: _batch(place, place.surroundings(), plan.workers).elapsed)
            )
            if peers:
                legs[PEERS].append(measure(len(few), lambda: _seconds(peers, few)))
    return Measured(legs, stats_from_metadata(read_metadata(place.table)))


def _seconds(processes: Sequence[Asked], photos: Sequence[Path]) -> float:
    """How long they take together, each doing its share."""
    for at, each in enumerate(processes):
        each.begin(photos[at :: len(processes)])
    return max(each.seconds() for each in processes)


def _batch(place: Place, surroundings: dict[str, str], workers: int | None = None) -> RunStats:
    """The command, from its start to its end, a report with it."""
    place.table.unlink(missing_ok=True)
    command = [*COMMAND, "run", str(place.photos), "--out", str(place.table), *WHAT]
    command += ["--workers", str(workers)] if workers else []
    with place.log.open("ab") as log:
        subprocess.run(command, env={**surroundings, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log, check=True)  # noqa: S603 - our own
    return stats_from_metadata(read_metadata(place.table))
