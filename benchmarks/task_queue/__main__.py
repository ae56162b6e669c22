"""The command: `python -m benchmarks.task_queue [overhead] [replicas] [empty] [start] [told]`; all by default."""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median

from attrai_estimator.process import use_one_thread

use_one_thread()

from benchmarks.sections import machine_section, section  # noqa: E402
from benchmarks.task_queue import eta_accuracy, rates, scaling, tables  # noqa: E402
from benchmarks.task_queue.system import System, real_system  # noqa: E402

DEFAULT_LOAD = eta_accuracy.PhotoLoad(users=20, photos=12, max_in_flight=3, history=40)
"""240 photos: 40 of history, 200 measured. Each user's limit is the default one."""
BURST_LOAD = eta_accuracy.PhotoLoad(users=20, photos=12, max_in_flight=12, history=40)
PHOTO_ORDER_SEED = 1
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  # a folder in memory, in which a new one is made
"""The default place of the photo store, so that no file system is measured."""


def overhead(system: System, arguments: argparse.Namespace) -> None:
    """One replica behind the queue against the bare pipeline, both on one core."""
    rounds = rates.against_bare(system, rates.make_photos(system.logs), arguments.count, arguments.rounds)
    section(
        "One replica, saturated, against the bare pipeline", tables.rounds_table("bare", "through the queue", rounds)
    )


def replicas(system: System, arguments: argparse.Namespace) -> None:
    """Two replicas on two cores against one, and the same of two bare pipelines."""
    measured = scaling.two_against_one(system, rates.make_photos(system.logs), arguments.count, arguments.rounds)
    section("Two replicas against one", tables.rounds_table("one replica", "two replicas", measured.queue))
    section("Two bare pipelines against one, in the same rounds", tables.rounds_table("one", "two", measured.bare))
    section("Two replicas gain, of what two bare pipelines gain", f"{measured.against_bare:.3f}")


def empty(system: System, arguments: argparse.Namespace) -> None:
    """The cost of the queue alone."""
    legs = rates.empty_rates(system, rates.make_photos(system.logs)[0], arguments.rounds)
    section("Messages through the queue", tables.empty_table(legs))


def start(system: System, arguments: argparse.Namespace) -> None:
    """The start time of a replica, until it consumes."""
    seconds = rates.starts(system, arguments.rounds)
    each = ", ".join(f"{one:.2f}" for one in seconds)
    section("From process start to consuming", f"median {median(seconds):.2f} s ({each})")


def eta_accuracy_of_default_users(system: System, _: argparse.Namespace) -> None:
    """ETA against actual times, with the default limit of photos in flight."""
    section(
        f"Told times: {DEFAULT_LOAD.users} people keep {DEFAULT_LOAD.max_in_flight} photos each under way; 1, 2, 1 replicas",
        tables.eta_table(eta_accuracy.measure(system, DEFAULT_LOAD, PHOTO_ORDER_SEED), DEFAULT_LOAD.history),
    )


def eta_accuracy_of_bursts(system: System, _: argparse.Namespace) -> None:
    """ETA against actual times, with all photos sent at once."""
    section(
        f"Told times: {BURST_LOAD.users} people send {BURST_LOAD.photos} photos each at once; 1, 2, 1 replicas",
        tables.eta_table(eta_accuracy.measure(system, BURST_LOAD, PHOTO_ORDER_SEED), BURST_LOAD.history),
    )


MEASUREMENTS: dict[str, Callable[[System, argparse.Namespace], None]] = {
    "overhead": overhead, "replicas": replicas, "empty": empty, "start": start,
    "told": eta_accuracy_of_default_users, "told-at-once": eta_accuracy_of_bursts,
}  # fmt: skip


def main() -> None:
    """Run the chosen measurements, each with new servers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.task_queue", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*MEASUREMENTS, []], help="which to measure; all when none is named"
    )
    parser.add_argument("--count", type=int, default=60, help="photos of a leg (default 60)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, whose medians are printed (default 5)")
    parser.add_argument(
        "--store",
        type=Path,
        default=MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None,
        metavar="FOLDER",
        help="where the photo store is made (default: in memory; a folder on a disk measures its file system too)",
    )
    arguments = parser.parse_args()
    if arguments.store is not None and not arguments.store.is_dir():
        parser.error(f"{arguments.store} is no folder")
    machine_section()
    for name in arguments.names or MEASUREMENTS:
        with real_system(arguments.store) as system:
            MEASUREMENTS[name](system, arguments)


if __name__ == "__main__":
    main()
