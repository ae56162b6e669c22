"""What a batch is measured on: the photos, RabbitMQ, batch estimators behind it, and processes that do without."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.asked import Asked
from tests.flow import servers

ROOT = Path(__file__).parents[2]
"""Of the repository."""
ESTIMATOR = (sys.executable, "-P", "-m", "attrai_estimator", "worker", "--batch")
READY_WITHIN = 60.0
LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the measurement's own: `photos` in it, and what runs leave."""

    folder: Path

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def table(self) -> Path:
        return self.folder / "out.parquet"

    @property
    def log(self) -> Path:
        """What the runs say."""
        return self.folder / "runs.log"

    def surroundings(self, **ours: str) -> dict[str, str]:
        """The environment of a child, without anybody's settings of Attrai but these."""
        around = {name: value for name, value in os.environ.items() if not name.startswith("ATTRAI_")}
        return {**around, "OMP_NUM_THREADS": "1", **{f"ATTRAI_{name}": value for name, value in ours.items()}}


def copy_photos(source: Path, place: Place, count: int | None) -> list[Path]:
    """So many photos, evenly from all, all without a count: each in its folder, as in the source."""
    found = sorted(source.rglob("*.jpg"))
    for path in found[:: max(len(found) // count, 1)][:count] if count else found:
        copy = place.photos / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return sorted(place.photos.rglob("*.jpg"))


@contextmanager
def asked(command: Sequence[str], count: int, place: Place) -> Iterator[list[Asked]]:
    """So many processes that are asked."""
    with ExitStack() as stack:
        yield [stack.enter_context(_asked(command, place)) for _ in range(count)]


@contextmanager
def queue(place: Place, estimators: int) -> Iterator[dict[str, str]]:
    """RabbitMQ with so many batch estimators, all ready; the environment of a run on them. Raises SystemExit without RabbitMQ."""
    missing = servers.missing_rabbitmq()
    if missing:
        raise SystemExit(missing)
    for folder in (place.spool, place.folder / "rabbitmq"):
        folder.mkdir()
    with ExitStack() as stack:
        broker = stack.enter_context(servers.rabbitmq(place.folder / "rabbitmq"))
        ours = {"BROKER_URL": broker, "BATCH_ROOT": str(place.photos), "BATCH_SPOOL": str(place.spool)}
        beats = [place.folder / f"{number}.heartbeat" for number in range(estimators)]
        for beat in beats:
            around = place.surroundings(**ours, HEARTBEAT=str(beat), REPLICA=beat.stem)
            stack.enter_context(_estimator(around, place.folder / f"{beat.stem}.log"))
        _await_files(beats)
        yield place.surroundings(**ours)


@contextmanager
def _asked(command: Sequence[str], place: Place) -> Iterator[Asked]:
    around = place.surroundings() | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=around) as process:  # noqa: S603 - our own
        try:
            yield Asked(process)
        finally:
            process.terminate()


@contextmanager
def _estimator(around: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("w") as file, subprocess.Popen(ESTIMATOR, env=around, stdout=file, stderr=file) as process:  # noqa: S603 - our own
        try:
            yield
        finally:
            process.terminate()


def _await_files(paths: Sequence[Path]) -> None:
    until = time.monotonic() + READY_WITHIN
    while not all(path.exists() for path in paths):
        if time.monotonic() > until:
            raise TimeoutError("the estimators are not ready")
        time.sleep(LOOK)
