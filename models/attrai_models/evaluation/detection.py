"""How many faces the detector finds on group photos with boxes that people drew."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attrai_estimator.networks.network import DetectorNetworks
from attrai_estimator.steps.detect import detect
from attrai_estimator.values import Box

from attrai_models.data.crops import read_photo
from attrai_models.data.ratings import Portrait

BOXES_FOLDER = "faces_boxes_dev"
FOUND_IOU = 0.4
"""The smallest intersection over union with which a face counts as found."""


@dataclass(frozen=True, slots=True)
class MarkedFace:
    """A face that people marked; an ignored one counts neither as found nor as missed."""

    box: Box
    ignored: bool


def read_boxes(folder: Path) -> dict[str, list[MarkedFace]]:
    """Read `boxes.csv`: columns `file`, `left`, `top`, `right`, `bottom`, `ignore`."""
    marked: dict[str, list[MarkedFace]] = defaultdict(list)
    with (folder / "boxes.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            box = Box(*(float(row[edge]) for edge in ("left", "top", "right", "bottom")))
            marked[row["file"]].append(MarkedFace(box, row["ignore"] == "1"))
    return marked


def intersection_over_union(a: Box, b: Box) -> float:
    """The shared part of two boxes' area."""
    width = max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0))
    height = max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))
    shared = width * height
    return shared / (a.width * a.height + b.width * b.height - shared)


def detection_table(folder: Path, detector: DetectorNetworks) -> Iterator[str]:
    """A markdown table: marked faces, found faces and boxes on no face."""
    total = hits = false_boxes = 0
    for file, marked in read_boxes(folder).items():
        found = [detection.box for detection in detect(read_photo(folder / file), detector)]
        faces = [face.box for face in marked if not face.ignored]
        total += len(faces)
        hits += sum(any(intersection_over_union(box, face) >= FOUND_IOU for box in found) for face in faces)
        false_boxes += sum(all(intersection_over_union(box, face.box) < FOUND_IOU for face in marked) for box in found)
    yield "| faces | found | boxes on no face |\n|---|---|---|"
    yield f"| {total} | {hits} | {false_boxes} |"


def missed_portraits(folder: Path, portraits: list[Portrait], detector: DetectorNetworks) -> Iterator[str]:
    """A markdown table: portraits, and those on which no face is found."""
    missed = sum(not detect(read_photo(folder / portrait.file), detector) for portrait in portraits)
    yield "\n| portraits | without a face |\n|---|---|"
    yield f"| {len(portraits)} | {missed} |"
