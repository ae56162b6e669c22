"""A trained scorer on disk, and from there into the files that the estimator loads."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
import torch
from attrai_estimator.networks.manifest import NetworkRecord

from attrai_models.export.onnx_files import checksum, export_onnx, store_half, write_record
from attrai_models.networks.target_scales import Scales
from attrai_models.networks.scorer import Scorer, new_scorer, scoring_view
from attrai_models.networks.calibration import Stretch, Stretched, unstretched
from attrai_models.networks.trunks import TRUNKS, Trunk

TERMS = "non-commercial research only: the terms of the rating sets that it learned from"
OWN_TERMS = "those of the photos and ratings that it learned from, which are its maker's own"
STRETCH = "stretch"
"""The key in an ONNX file's metadata under which its calibration stands."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A scorer with what it takes to use it. `learned`: the photos it learned from, in words."""

    scorer: Scorer
    trunk: Trunk
    scales: Scales
    stretch: Stretch
    learned: str
    terms: str = TERMS

    def save(self, file: Path) -> None:
        """Write it; `read_trained` reads it."""
        parts = {"scales": asdict(self.scales), "stretch": asdict(self.stretch)}
        words = {"trunk": self.trunk.name, "learned": self.learned, "terms": self.terms}
        torch.save({"network": self.scorer.state_dict(), **parts, **words}, file)


def read_trained(file: Path) -> Trained:
    """Read what `Trained.save` wrote."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    trunk, scales = TRUNKS[state["trunk"]], Scales(**state["scales"])
    scorer = new_scorer(trunk, len(scales.means), seed=0)
    scorer.load_state_dict(state["network"])
    return Trained(scorer.eval(), trunk, scales, Stretch(**state["stretch"]), state["learned"], state["terms"])


def export_scorer(trained: Trained, models: Path, name: str) -> None:
    """Export a trained scorer in half precision, with its record under `name`."""
    file, side = f"weights/{name}.onnx", trained.trunk.template.size
    network = Stretched(scoring_view(trained.scorer, trained.scales), trained.stretch)
    export_onnx(network.eval(), torch.zeros(2, 3, side, side), models / file, ("scores",))
    store_half(models / file, {STRETCH: json.dumps(asdict(trained.stretch))})
    write_record(models, name, _record(trained, models, file))


def read_stretch(file: Path, sets: int) -> Stretch:
    """The calibration inside an exported scorer."""
    metadata = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    if STRETCH not in metadata:
        return unstretched(sets)
    return Stretch(**{key: tuple(values) for key, values in json.loads(metadata[STRETCH]).items()})


def _record(trained: Trained, models: Path, file: str) -> NetworkRecord:
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
