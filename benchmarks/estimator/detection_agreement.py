"""Compares our detector with the stock detector and with faces marked by hand."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attrai_models.data.ratings import trains_proposal

from benchmarks.estimator.answers import PICTURE_TASK, Answer, Corners
from benchmarks.estimator.contestant import Contestant
from benchmarks.estimator.photos import Sample, smallest_face
from benchmarks.estimator.speed import print_progress

GENERATED_FACE_IOU, SAME_FACE_IOU, MARKED_FACE_IOU = 0.5, 0.7, 0.4
"""The least intersection over union for a found face, the same face, and a marked face, whose box is wider."""
LFW_CENTRE_PX = 125.0
"""The x and y of an LFW photo's centre, in pixels: its named person is there."""
OF_INTEREST = ("in the middle", "that stock is surest of", "that is stock's largest")


@dataclass(frozen=True, slots=True)
class Count:
    """`who` found `hits` of the faces."""

    who: str
    what: str
    hits: int
    of: int


def overlap(box: Corners, others: Sequence[Corners]) -> float:
    """The largest intersection over union of a box with others."""
    return largest_overlap(box, others)[1]


def largest_overlap(box: Corners, others: Sequence[Corners]) -> tuple[int, float]:
    """The index of the other box with the largest intersection over union, and that value; (-1, 0) without others."""
    if not others:
        return -1, 0.0
    a, b = np.array(box), np.array(others)
    sides = (np.minimum(a[2:], b[:, 2:]) - np.maximum(a[:2], b[:, :2])).clip(min=0)
    areas = [(boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]) for boxes in (a, b)]
    shared = sides.prod(axis=1)
    overlaps = shared / (areas[0] + areas[1] - shared)
    return int(overlaps.argmax()), float(overlaps.max())


def generated(candidate: Contestant, stock: Contestant, samples: Sequence[Sample]) -> list[Count]:
    """Count stock's faces on each generated photo, and those that the candidate also finds.

    Only faces of at least 24 px count, or 60 px on a photo of 4000 px.
    """
    counts = []
    for sample in samples:
        minimum_side = smallest_face(sample.width, sample.height)
        answers = [one.ask(PICTURE_TASK, sample.file) for one in (candidate, stock)]
        sought = [box for box in answers[1].boxes if _side(box) >= minimum_side]
        hits = sum(overlap(box, answers[0].boxes) >= GENERATED_FACE_IOU for box in sought)
        counts.append(
            Count(candidate.name, f"{sample.name}: stock's faces of {minimum_side:.0f} px or more", hits, len(sought))
        )
    return counts


def marked(contestants: Sequence[Contestant], folder: Path) -> list[Count]:
    """Count the faces marked by hand that each contestant finds, and all its boxes."""
    faces: dict[Path, list[Corners]] = defaultdict(list)
    with (folder / "boxes.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["ignore"] != "1":
                box = (float(row["left"]), float(row["top"]), float(row["right"]), float(row["bottom"]))
                faces[folder / row["file"]].append(box)
    counts = []
    for one in contestants:
        boxes = {file: one.ask(PICTURE_TASK, file).boxes for file in faces}
        hits = sum(overlap(face, boxes[file]) >= MARKED_FACE_IOU for file, marks in faces.items() for face in marks)
        many = sum(map(len, boxes.values()))
        counts.append(Count(one.name, f"marked faces ({many} boxes)", hits, sum(map(len, faces.values()))))
    return counts


def people(ours: Contestant, stock: Contestant, photos: Sequence[Path]) -> list[Count]:
    """Count the LFW photos on which our detector finds stock's central, surest and largest faces.

    A second group of counts excludes people from our detector's training data.
    """
    hits: dict[Path, list[bool]] = {}
    for number, photo in enumerate(photos):
        if number % 200 == 0:
            print_progress(f"the same faces: {number} of {len(photos)}")
        mine, theirs = (one.ask(PICTURE_TASK, photo) for one in (ours, stock))
        if theirs.boxes:
            hits[photo] = [overlap(box, mine.boxes) >= SAME_FACE_IOU for box in _reference_faces(theirs)]
    unknown = [one for one in hits if not trains_proposal(str(one))]
    return [
        Count(
            ours.name,
            f"{of} {what}, the same place (IoU >= {SAME_FACE_IOU})",
            sum(hits[one][i] for one in chosen),
            len(chosen),
        )
        for of, chosen in (("LFW, stock's face", list(hits)), ("LFW, people unknown to us, stock's face", unknown))
        for i, what in enumerate(OF_INTEREST)
    ]


def _reference_faces(answer: Answer) -> tuple[Corners, Corners, Corners]:
    middle = min(
        answer.boxes,
        key=lambda box: abs(box[0] + box[2] - 2 * LFW_CENTRE_PX) + abs(box[1] + box[3] - 2 * LFW_CENTRE_PX),
    )
    surest = answer.boxes[int(np.argmax(answer.probabilities))]
    return middle, surest, max(answer.boxes, key=_area)


def _side(box: Corners) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _area(box: Corners) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
