"""A trained scorer and its file: weights, target scales, calibration, and the terms of its training data."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from attrai_models.networks.calibration import Calibration
from attrai_models.networks.scorer import Scorer, new_scorer
from attrai_models.networks.target_scales import TargetScales
from attrai_models.networks.trunks import TRUNKS, Trunk


@dataclass(frozen=True, slots=True)
class TrainedScorer:
    """`training_data` and `terms` are words for the manifest: the photos it learned from, and their licence."""

    scorer: Scorer
    trunk: Trunk
    scales: TargetScales
    calibration: Calibration
    training_data: str
    terms: str

    def save(self, file: Path) -> None:
        """Write the file that `read_trained` reads; its keys are fixed."""
        tensors = {"network": self.scorer.state_dict(), "scales": asdict(self.scales)}
        words = {"trunk": self.trunk.name, "learned": self.training_data, "terms": self.terms}
        torch.save({**tensors, "stretch": asdict(self.calibration), **words}, file)


def read_trained(file: Path) -> TrainedScorer:
    """Read a file that `TrainedScorer.save` wrote."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    trunk, scales = TRUNKS[state["trunk"]], TargetScales(**state["scales"])
    scorer = new_scorer(trunk, len(scales.means), seed=0)
    scorer.load_state_dict(state["network"])
    calibration = Calibration(**state["stretch"])
    return TrainedScorer(scorer.eval(), trunk, scales, calibration, state["learned"], state["terms"])
