"""What the golden tests see: the JSON lines of `attrai-estimator estimate`, run as a person would run it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face of a JSON line; the box as x0, y0, x1, y1."""

    box: Corners
    score: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def estimates(photos: Sequence[Path], scorer: str = "scorer") -> list[list[FoundFace]]:
    """The faces of each photo in the order that the command prints them; none where it printed an error."""
    program = str(Path(sys.executable).with_name("attrai-estimator"))
    command = [program, "estimate", "--scorer", scorer, *map(str, photos)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["photo"] for line in lines] == [str(photo) for photo in photos]
    return [[_face(face) for face in line.get("faces", [])] for line in lines]


def _face(fields: dict[str, object]) -> FoundFace:
    box, score = fields["box"], fields["score"]
    assert isinstance(box, list)
    assert isinstance(score, float)
    return FoundFace((box[0], box[1], box[2], box[3]), score)
