"""The table of the shown score: the first output, cut to 1 to 10, against ratings on the same scale."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from attrai_estimator.networks.network import Floats, Template
from attrai_estimator.values import Box, Detection, Photo, Pixels
from attrai_models.data.ratings import SCUT
from attrai_models.evaluation import scorer_tables
from attrai_models.evaluation.scorer_tables import shown_score_table
from PIL import Image

pytestmark = pytest.mark.torch

SIDE_PIXELS = 80
LANDMARKS = ((0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.3, 0.7), (0.7, 0.7))
FACES = ((20, "val", 1), (100, "val", 3), (180, "train", 5), (255, "train", 5))
"""Grey level, split and rating. The shown scores are 1, 5, 9 and 10; the converted ratings are 1, 5.5, 10 and 10."""


def face_in_the_middle(_photo: Photo, _detector: object) -> Detection:
    landmarks = np.array(LANDMARKS, np.float32) * SIDE_PIXELS
    return Detection(Box(0, 0, SIDE_PIXELS, SIDE_PIXELS), landmarks, 1.0)


def score_by_brightness(crops: Pixels) -> tuple[Floats, ...]:
    """The second output is the opposite of the first."""
    levels = crops[:, SIDE_PIXELS // 2, SIDE_PIXELS // 2, 0].astype(np.float32) / 20
    return (np.stack([levels, -levels], axis=1),)


def write_set(folder: Path) -> None:
    lines = ["file,split,score_1_to_5,gender,ethnicity"]
    for level, split, rating in FACES:
        Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (level, level, level)).save(folder / f"{level}.png")
        lines.append(f"{level}.png,{split},{rating},female,asian")
    (folder / "ratings.csv").write_text("\n".join(lines))


def test_the_shown_score_is_compared_with_ratings_on_its_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer_tables, "main_face", face_in_the_middle)
    write_set(tmp_path)
    scorer = SimpleNamespace(network=score_by_brightness, template=Template("plain", SIDE_PIXELS, LANDMARKS))
    networks: Any = SimpleNamespace(scorer=scorer, detector=None)
    _, whole, val = shown_score_table(tmp_path, SCUT, networks)
    pearson = np.corrcoef([1, 5, 9, 10], [1, 5.5, 10, 10])[0, 1]
    assert whole.startswith(f"| all | 4 | {pearson:.3f} (")
    assert "| 0.375 (" in whole
    assert val.startswith("| val | 2 | 1.000 (")
    assert "| 0.250 (" in val
