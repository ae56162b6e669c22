"""Photos a second of bare pipelines, a batch through RabbitMQ, a batch without servers, and face_recognition."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from attrai_batch.run_stats import RunStats, stats_from_metadata
from attrai_batch.table import read_metadata

from benchmarks.batch.environment import REPOSITORY, WorkFolder, queued_estimators, timed_processes
from benchmarks.batch.timing import BatchTiming, measure
from benchmarks.timed_process import TimedProcess

BARE_PIPELINE_COMMAND = (sys.executable, "-m", "benchmarks.batch.bare")
BATCH_COMMAND = (sys.executable, "-m", "benchmarks.batch.installed")
PEER_ARGUMENTS = ("-m", "benchmarks.batch.peer")
THROUGH_QUEUE, WITHOUT_SERVERS, BARE_PIPELINES, PEER_PIPELINES = (
    "through RabbitMQ",
    "without servers",
    "bare pipelines",
    "face_recognition",
)
WARM_UP_PHOTOS = 8
"""Photos of a process before the measurement."""
OUTPUT_OPTIONS = ("--what", "embedding")
"""The output that face_recognition has too."""


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """`peer`: a Python with dlib and face_recognition_models, or None; it gets `peer_photos` photos of each round."""

    workers: int
    rounds: int
    peer: str | None
    peer_photos: int


@dataclass(frozen=True, slots=True)
class RateComparison:
    """The timings of each pipeline, one a round, and the statistics of the last batch."""

    timings: dict[str, list[BatchTiming]]
    stats: RunStats


def compare(work_folder: WorkFolder, photos: Sequence[Path], plan: ComparisonPlan) -> RateComparison:
    """Time every pipeline in every round."""
    timings: dict[str, list[BatchTiming]] = defaultdict(list)
    peer_photos = photos[:: max(len(photos) // plan.peer_photos, 1)][: plan.peer_photos]
    with ExitStack() as stack:
        pipelines = stack.enter_context(timed_processes(BARE_PIPELINE_COMMAND, plan.workers, work_folder))
        peers = (
            stack.enter_context(timed_processes((plan.peer, *PEER_ARGUMENTS), plan.workers, work_folder))
            if plan.peer
            else []
        )
        servers = stack.enter_context(queued_estimators(work_folder, plan.workers))
        _seconds([*pipelines, *peers], photos[:WARM_UP_PHOTOS])
        for _ in range(plan.rounds):
            timings[BARE_PIPELINES].append(measure(len(photos), lambda: _seconds(pipelines, photos)))
            timings[THROUGH_QUEUE].append(measure(len(photos), lambda: _batch(work_folder, servers).elapsed))
            timings[WITHOUT_SERVERS].append(
                measure(len(photos), lambda: _batch(work_folder, work_folder.environment(), plan.workers).elapsed)
            )
            if peers:
                timings[PEER_PIPELINES].append(measure(len(peer_photos), lambda: _seconds(peers, peer_photos)))
    return RateComparison(timings, stats_from_metadata(read_metadata(work_folder.table)))


def _seconds(processes: Sequence[TimedProcess], photos: Sequence[Path]) -> float:
    """The seconds of the slowest process; each gets its share of the photos."""
    for at, each in enumerate(processes):
        each.begin(photos[at :: len(processes)])
    return max(each.seconds() for each in processes)


def _batch(work_folder: WorkFolder, environment: dict[str, str], workers: int | None = None) -> RunStats:
    """Run the command, which also writes a report."""
    work_folder.table.unlink(missing_ok=True)
    command = [*BATCH_COMMAND, "run", str(work_folder.photos), "--out", str(work_folder.table), *OUTPUT_OPTIONS]
    command += ["--workers", str(workers)] if workers else []
    with work_folder.log.open("ab") as log:
        subprocess.run(command, env={**environment, "PYTHONPATH": str(REPOSITORY)}, stdout=log, stderr=log, check=True)  # noqa: S603 - our own
    return stats_from_metadata(read_metadata(work_folder.table))
