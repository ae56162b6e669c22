"""The measurements of `make bench`. Each function yields the tables of one part."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.estimator import contestant, detection_agreement, tables
from benchmarks.estimator.answers import PICTURE_TASK, VECTOR_TASK
from benchmarks.estimator.contestant import Contestant
from benchmarks.estimator.machine import AVX2, CAPS, NONE, Cap, environment
from benchmarks.estimator.photos import Sample, samples, varied
from benchmarks.estimator.speed import compare, footprint, print_progress

Table = tuple[str, str]
"""Title and Markdown."""
MAIN = (1280, 960)
SLOW_PART_STEP = 10
"""A slow part measures one LFW photo in this many."""
PEER_PHOTOS = 300
"""The highest photo count at which the stock pair's memory is measured. It needs seconds for each photo."""


@dataclass(frozen=True, slots=True)
class Run:
    """Photo folders and measurement sizes. `product` is the Python of the product's environment."""

    portrait: Image.Image
    folder: Path
    data: Path | None
    photos: Path | None
    product: str
    rounds: int
    people: int
    photo_counts: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]

    def generated(self) -> list[Sample]:
        """The generated photos of all sizes."""
        return samples(self.portrait, self.folder, self.sizes)

    def main(self) -> Sample:
        """The generated photo of 1280x960 with 4 faces."""
        return samples(self.portrait, self.folder, (MAIN,))[1]

    def lfw(self) -> list[Path]:
        """Up to `people` LFW photos, evenly spaced. The list is empty without the data folder."""
        photos = sorted((self.data / "lfw_dev").glob("images/*/*.jpg")) if self.data else []
        return photos[:: max(len(photos) // self.people, 1)][: self.people]

    def pair(self, cap: Cap) -> tuple[Contestant, ...]:
        """Attrai, the stock pair with defaults, and the stock pair with its best settings."""
        return contestant.ours(cap, self.product), contestant.stock(cap), contestant.stock_best(cap)


def pictures(run: Run) -> Iterator[Table]:
    """Compare the time from a photo file to the annotated file with the stock pair's."""
    groups = [(one.name, compare(run.pair(NONE), PICTURE_TASK, [one.file], run.rounds)) for one in run.generated()]
    yield "From a photo's file to the annotated file", tables.times_table(groups)
    yield "Our steps", tables.steps_table(groups)


def own(run: Run) -> Iterator[Table]:
    """Repeat `pictures` on the user's folder of photos."""
    photos = sorted(run.photos.rglob("*.jpg")) if run.photos else []
    if photos:
        groups = [(f"{len(photos)} photos", compare(run.pair(NONE), PICTURE_TASK, photos, 1))]
        yield "From a photo's file to the annotated file, the given folder", tables.times_table(groups)


def caps(run: Run) -> Iterator[Table]:
    """Repeat `pictures` on the main photo under each instruction set cap."""
    photo = run.main()
    groups = [(cap.name, compare(run.pair(cap), PICTURE_TASK, [photo.file], run.rounds)) for cap in CAPS]
    yield f"{photo.name}, by instruction set", tables.times_table(groups)
    yield "Our steps by instruction set", tables.steps_table(groups)


def vectors(run: Run) -> Iterator[Table]:
    """Compare the time from an LFW photo to its embeddings, and the face count, with face_recognition."""
    photos = run.lfw()
    if not photos:
        return
    groups = []
    for cap in (NONE, AVX2):
        peers = (contestant.face_recognition(cap), contestant.face_recognition_best(cap))
        chosen = photos if cap is NONE else photos[::SLOW_PART_STEP]
        times = compare((contestant.ours(cap, run.product), *peers), VECTOR_TASK, chosen, 1)
        groups.append((f"LFW, {len(chosen)} photos; {cap.name}", times))
    yield "From a photo of LFW to its vectors", tables.times_table(groups)


def lost(run: Run) -> Iterator[Table]:
    """Count the faces of the stock detector that our detector also finds."""
    mine, stock, best = run.pair(NONE)
    with mine, stock, best:
        counts = [
            *detection_agreement.generated(mine, stock, run.generated()),
            *detection_agreement.generated(best, stock, run.generated()),
        ]
        if run.data:
            counts += detection_agreement.marked((mine, stock, best), run.data / "faces_boxes_dev")
            counts += detection_agreement.people(mine, stock, run.lfw())
    rows = [(one.who, one.what, one.hits, one.of, f"{one.hits / one.of:.2%}" if one.of else "") for one in counts]
    yield "Nothing lost", tables.table(("who", "what", "found", "of", "share"), rows)


def numbers(run: Run) -> Iterator[Table]:
    """Compare scores and embeddings with torch in float32, on the same crops and end to end."""
    files = [str(file) for file in run.lfw()[::SLOW_PART_STEP] or [one.file for one in run.generated()]]
    lines: list[tuple[str, tables.Line, tables.Line]] = []
    for cap in (NONE, AVX2):
        same_crops, end_to_end = _lines("parity", cap, cap.precision, *files)
        lines.append((cap.name, same_crops, end_to_end))
    yield "The same crop on torch in float32", tables.differences_table([(cap, same) for cap, same, _ in lines])
    yield (
        "End to end, stock's detector and torch in float32",
        tables.differences_table([(cap, end) for cap, _, end in lines]),
    )


def floor(run: Run) -> Iterator[Table]:
    """Compare each network's time with the least time that the core's peak allows."""
    photo = run.main()
    for cap in CAPS:
        (head, *lines) = _lines("floor", cap, cap.precision, str(photo.file))
        yield f"The floor of {photo.name}; {cap.name}", tables.floor_table(head, lines)


def memory(run: Run) -> Iterator[Table]:
    """Measure a replica's start time and memory, and the stock pair's memory, on photos of varied sizes."""
    photos = varied(run.portrait, run.folder / "varied")
    print_progress("a replica behind RabbitMQ and Redis")
    lines = list(_lines("replica", NONE, str(photos[0].parent), *map(str, run.photo_counts), python=run.product))
    stock = footprint(contestant.stock(NONE), photos, [count for count in run.photo_counts if count <= PEER_PHOTOS])
    yield "From process start to consuming", tables.starts_table(lines)
    yield "Proportional memory after photos of varied sizes", tables.memory_table(lines, stock)


MEASUREMENTS: dict[str, Callable[[Run], Iterator[Table]]] = {
    "pictures": pictures, "own": own, "caps": caps, "vectors": vectors, "lost": lost, "numbers": numbers, "floor": floor,
    "memory": memory,
}  # fmt: skip


def _lines(module: str, cap: Cap, *arguments: str, python: str = sys.executable) -> Iterator[tables.Line]:
    """Run a measuring module and yield its lines of JSON. Raises CalledProcessError when it fails."""
    print_progress(f"{module}, {cap.name}")
    command = [python, "-m", f"benchmarks.estimator.{module}", *arguments]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, env=environment(cap), stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            for line in process.stdout or ():
                yield json.loads(line)
        finally:
            process.terminate()
    _check(process, command)


def _check(process: "subprocess.Popen[str]", command: Sequence[str]) -> None:
    if process.returncode > 0:
        raise subprocess.CalledProcessError(process.returncode, command)
