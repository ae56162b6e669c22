"""A trained scorer on disk, and from there into the files that the estimator loads."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
import torch
from attrai_estimator.networks.manifest import NetworkRecord

from attrai_models.export.onnx_files import checksum, export_onnx, store_half_precision, write_record
from attrai_models.networks.calibration import CalibratedNetwork, Calibration, no_calibration
from attrai_models.networks.scorer import Scorer, inference_network, new_scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import TRUNKS, Trunk

RESEARCH_TERMS = "non-commercial research only: the terms of the rating sets that it learned from"
OWN_TERMS = "those of the photos and ratings that it learned from, which are its maker's own"
CALIBRATION_KEY = "stretch"
"""The key in an ONNX file's metadata under which its calibration stands."""


@dataclass(frozen=True, slots=True)
class TrainedScorer:
    """A scorer with what it takes to use it. `learned`: the photos it learned from, in words."""

    scorer: Scorer
    trunk: Trunk
    scales: TargetScales
    stretch: Calibration
    learned: str
    terms: str = RESEARCH_TERMS

    def save(self, file: Path) -> None:
        """Write it; `read_trained` reads it."""
        parts = {"scales": asdict(self.scales), "stretch": asdict(self.stretch)}
        words = {"trunk": self.trunk.name, "learned": self.learned, "terms": self.terms}
        torch.save({"network": self.scorer.state_dict(), **parts, **words}, file)


def read_trained(file: Path) -> TrainedScorer:
    """Read what `Trained.save` wrote."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    trunk, scales = TRUNKS[state["trunk"]], TargetScales(**state["scales"])
    scorer = new_scorer(trunk, len(scales.means), seed=0)
    scorer.load_state_dict(state["network"])
    return TrainedScorer(
        scorer.eval(), trunk, scales, Calibration(**state["stretch"]), state["learned"], state["terms"]
    )


def export_scorer(trained: TrainedScorer, models: Path, name: str) -> None:
    """Export a trained scorer in half precision, with its record under `name`."""
    file, side = f"weights/{name}.onnx", trained.trunk.template.size
    network = CalibratedNetwork(inference_network(trained.scorer, trained.scales), trained.stretch)
    export_onnx(network.eval(), torch.zeros(2, 3, side, side), models / file, ("scores",))
    store_half_precision(models / file, {CALIBRATION_KEY: json.dumps(asdict(trained.stretch))})
    write_record(models, name, _record(trained, models, file))


def read_calibration(file: Path, sets: int) -> Calibration:
    """The calibration inside an exported scorer."""
    metadata = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    if CALIBRATION_KEY not in metadata:
        return no_calibration(sets)
    return Calibration(**{key: tuple(values) for key, values in json.loads(metadata[CALIBRATION_KEY]).items()})


def _record(trained: TrainedScorer, models: Path, file: str) -> NetworkRecord:
    trunk = trained.trunk
    return NetworkRecord(
        file=file,
        sha256=checksum(models / file),
        input_size=(trunk.template.size, trunk.template.size),
        normalization=trunk.normalization,
        template=trunk.template,
        outputs=("scores",),
        licence=trained.terms,
        source=f"attrai-models train --trunk {trunk.name}, on {trained.learned}",
    )
