"""What `make bench` measures, part by part; each gives the tables that it prints."""

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
from benchmarks.estimator.speed import compare, footprint, say

Table = tuple[str, str]
"""Title and Markdown."""
MAIN = (1280, 960)
SLOW_PART_STEP = 10
"""A slow part measures one LFW photo in this many."""
PEER_PHOTOS = 300
"""Photos after which the peer's memory is measured. It takes seconds for each photo."""


@dataclass(frozen=True, slots=True)
class Run:
    """Where photos are, and how much is measured. `product`: the Python of the environment that the product has."""

    portrait: Image.Image
    folder: Path
    data: Path | None
    photos: Path | None
    product: str
    rounds: int
    people: int
    marks: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]

    def generated(self) -> list[Sample]:
        """The generated photos of all sizes."""
        return samples(self.portrait, self.folder, self.sizes)

    def main(self) -> Sample:
        """The one of 1280x960 with 4 faces."""
        return samples(self.portrait, self.folder, (MAIN,))[1]

    def lfw(self) -> list[Path]:
        """This many photos of LFW, evenly from all; none without the folder of data."""
        found_ = sorted((self.data / "lfw_dev").glob("images/*/*.jpg")) if self.data else []
        return found_[:: max(len(found_) // self.people, 1)][: self.people]

    def pair(self, cap: Cap) -> tuple[Contestant, ...]:
        """Us, the pair as it comes and at its best."""
        return contestant.ours(cap, self.product), contestant.stock(cap), contestant.stock_best(cap)


def pictures(run: Run) -> Iterator[Table]:
    """File in to annotated file out, against the pair as it comes and at its best."""
    groups = [(one.name, compare(run.pair(NONE), PICTURE_TASK, [one.file], run.rounds)) for one in run.generated()]
    yield "From a photo's file to the annotated file", tables.times_table(groups)
    yield "Our steps", tables.steps_table(groups)


def own(run: Run) -> Iterator[Table]:
    """The same on a folder of photos."""
    photos = sorted(run.photos.rglob("*.jpg")) if run.photos else []
    if photos:
        groups = [(f"{len(photos)} photos", compare(run.pair(NONE), PICTURE_TASK, photos, 1))]
        yield "From a photo's file to the annotated file, the given folder", tables.times_table(groups)


def caps(run: Run) -> Iterator[Table]:
    """The same for 1280x960 with 4 faces, with the instruction set capped."""
    photo = run.main()
    groups = [(cap.name, compare(run.pair(cap), PICTURE_TASK, [photo.file], run.rounds)) for cap in CAPS]
    yield f"{photo.name}, by instruction set", tables.times_table(groups)
    yield "Our steps by instruction set", tables.steps_table(groups)


def vectors(run: Run) -> Iterator[Table]:
    """A photo of LFW to its vectors, against face_recognition, and who finds more faces."""
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
    """Whether anything that the stock detector finds is lost."""
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
    """Scores and embeddings against torch in float32: on the same crops, and end to end."""
    files = [str(file) for file in run.lfw()[::SLOW_PART_STEP] or [one.file for one in run.generated()]]
    lines = [(cap.name, *_lines("parity", cap, cap.precision, *files)) for cap in (NONE, AVX2)]
    yield "The same crop on torch in float32", tables.apart_table([(cap, same) for cap, same, _ in lines])
    yield "End to end, stock's detector and torch in float32", tables.apart_table([(cap, end) for cap, _, end in lines])


def floor(run: Run) -> Iterator[Table]:
    """Work of the networks, and how far they are from the core's peak."""
    photo = run.main()
    for cap in CAPS:
        (head, *lines) = _lines("floor", cap, cap.precision, str(photo.file))
        yield f"The floor of {photo.name}; {cap.name}", tables.floor_table(head, lines)


def memory(run: Run) -> Iterator[Table]:
    """Start and memory of a replica behind the queue, and the stock pair's memory, over photos of varied sizes."""
    photos = varied(run.portrait, run.folder / "varied")
    say("a replica behind RabbitMQ and Redis")
    lines = list(_lines("replica", NONE, str(photos[0].parent), *map(str, run.marks), python=run.product))
    stock = footprint(contestant.stock(NONE), photos, [mark for mark in run.marks if mark <= PEER_PHOTOS])
    yield "From process start to consuming", tables.starts_table(lines)
    yield "Proportional memory after photos of varied sizes", tables.memory_table(lines, stock)


MEASUREMENTS: dict[str, Callable[[Run], Iterator[Table]]] = {
    "pictures": pictures, "own": own, "caps": caps, "vectors": vectors, "lost": lost, "numbers": numbers, "floor": floor,
    "memory": memory,
}  # fmt: skip


def _lines(module: str, cap: Cap, *arguments: str, python: str = sys.executable) -> Iterator[tables.Line]:
    """The lines of JSON that a measuring process prints. Raises CalledProcessError when it fails."""
    say(f"{module}, {cap.name}")
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
