"""A trained scorer on disk, and from there into the files that the estimator loads."""

from dataclasses import asdict
from pathlib import Path

import torch
from attrai_estimator.networks.load import SCORER
from attrai_estimator.networks.manifest import NetworkRecord
from attrai_estimator.networks.network import Normalization

from attrai_models.augment import PIXEL_DEVIATION, PIXEL_MEAN
from attrai_models.crops import SCORER_TEMPLATE
from attrai_models.export import checksum, export_onnx, store_half, write_record
from attrai_models.ratings import MEBEAUTY, RATING_SETS
from attrai_models.scales import Scales
from attrai_models.scorer import Scorer, scoring_view, untrained_scorer

FILE = "weights/scorer.onnx"


def save_scorer(scorer: Scorer, scales: Scales, file: Path) -> None:
    """Write a trained scorer with the scales that its heads speak in."""
    torch.save({"network": scorer.state_dict(), "scales": asdict(scales)}, file)


def read_scorer(file: Path) -> tuple[Scorer, Scales]:
    """Read what `save_scorer` wrote."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    scorer = untrained_scorer(0)
    scorer.load_state_dict(state["network"])
    return scorer.eval(), Scales(**state["scales"])


def export_scorer(trained: Path, models: Path) -> None:
    """Export the score from 1 to 10 of a trained scorer, in half precision, with its record."""
    scorer, scales = read_scorer(trained)
    column = RATING_SETS.index(MEBEAUTY)
    view = scoring_view(scorer, MEBEAUTY, float(scales.means[column]), float(scales.deviations[column]))
    side = SCORER_TEMPLATE.size
    export_onnx(view, torch.zeros(2, 3, side, side), models / FILE, ("score",))
    store_half(models / FILE)
    write_record(models, SCORER, _record(models))


def _record(models: Path) -> NetworkRecord:
    return NetworkRecord(
        file=FILE,
        sha256=checksum(models / FILE),
        input_size=(SCORER_TEMPLATE.size, SCORER_TEMPLATE.size),
        normalization=Normalization(mean=(PIXEL_MEAN,) * 3, std=(PIXEL_DEVIATION,) * 3),
        template=SCORER_TEMPLATE,
        outputs=("score",),
        licence="non-commercial research only: the terms of the rating sets that it learned from",
        source="attrai-models train on MEBeauty, SCUT-FBP5500 and dlib's vectors of both and of LFW",
    )
