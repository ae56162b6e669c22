"""A trained scorer on disk, and from there into the files that the estimator loads."""

from dataclasses import asdict
from pathlib import Path

import torch
from attrai_estimator.networks.manifest import NetworkRecord

from attrai_models.export import checksum, export_onnx, store_half, write_record
from attrai_models.scales import Scales
from attrai_models.scorer import Scorer, new_scorer, scoring_view
from attrai_models.trunks import TRUNKS, Trunk

TERMS = "non-commercial research only: the terms of the rating sets that it learned from"


def save_scorer(scorer: Scorer, trunk: Trunk, scales: Scales, file: Path) -> None:
    """Write a trained scorer with its trunk's name and the scales that its heads speak in."""
    torch.save({"trunk": trunk.name, "network": scorer.state_dict(), "scales": asdict(scales)}, file)


def read_scorer(file: Path) -> tuple[Scorer, Trunk, Scales]:
    """Read what `save_scorer` wrote."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    trunk = TRUNKS[state["trunk"]]
    scorer = new_scorer(trunk, seed=0)
    scorer.load_state_dict(state["network"])
    return scorer.eval(), trunk, Scales(**state["scales"])


def export_scorer(trained: Path, models: Path, name: str) -> None:
    """Export a trained scorer in half precision, with its record under `name`."""
    scorer, trunk, scales = read_scorer(trained)
    file, side = f"weights/{name}.onnx", trunk.template.size
    export_onnx(scoring_view(scorer, scales), torch.zeros(2, 3, side, side), models / file, ("scores",))
    store_half(models / file)
    write_record(models, name, _record(trunk, models, file))


def _record(trunk: Trunk, models: Path, file: str) -> NetworkRecord:
    return NetworkRecord(
        file=file,
        sha256=checksum(models / file),
        input_size=(trunk.template.size, trunk.template.size),
        normalization=trunk.normalization,
        template=trunk.template,
        outputs=("scores",),
        licence=TERMS,
        source=f"attrai-models train --trunk {trunk.name}, on MEBeauty and SCUT-FBP5500 without their val",
    )
