"""Detection on photos whose faces were marked by hand."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from tests.golden.estimates import Corners, estimates

pytestmark = pytest.mark.golden

MATCH = 0.4
"""Intersection over union from which a detection counts as the marked face."""
ELSEWHERE = 0.2
"""Overlap with every marked face below which a detection is on no face."""
FOUND_BY_STOCK = 42
"""Of the 43 faces: what facenet-pytorch 2.5.3 finds."""


@pytest.fixture(scope="module")
def marked(data_folder: Path) -> dict[str, list[tuple[Corners, bool]]]:
    """Boxes by photo, and whether each is to be ignored."""
    boxes = defaultdict(list)
    with (data_folder / "faces_boxes_dev" / "boxes.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            corners = (float(row["left"]), float(row["top"]), float(row["right"]), float(row["bottom"]))
            boxes[row["file"]].append((corners, row["ignore"] == "1"))
    return boxes


@pytest.fixture(scope="module")
def found(data_folder: Path, marked: dict[str, list[tuple[Corners, bool]]]) -> dict[str, list[Corners]]:
    photos = estimates([data_folder / "faces_boxes_dev" / file for file in marked])
    return {file: [face.box for face in faces] for file, faces in zip(marked, photos, strict=True)}


def overlap(a: Corners, b: Corners) -> float:
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


def test_as_many_faces_are_found_as_by_stock_facenet_pytorch(
    marked: dict[str, list[tuple[Corners, bool]]], found: dict[str, list[Corners]]
) -> None:
    sought = [(file, box) for file, boxes in marked.items() for box, ignored in boxes if not ignored]
    hits = [any(overlap(box, face) >= MATCH for face in found[file]) for file, box in sought]
    assert len(sought) == 43
    assert sum(hits) >= FOUND_BY_STOCK


def test_nothing_is_found_where_no_face_is(
    marked: dict[str, list[tuple[Corners, bool]]], found: dict[str, list[Corners]]
) -> None:
    astray = [
        (file, face)
        for file, faces in found.items()
        for face in faces
        if all(overlap(box, face) < ELSEWHERE for box, _ in marked[file])
    ]
    assert astray == []
