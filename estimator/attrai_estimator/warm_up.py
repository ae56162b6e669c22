"""Before the first photo: every network runs once at each of its sizes, which is when it is compiled."""

import numpy as np

from attrai_estimator.networks import Networks
from attrai_estimator.steps import detect, embed, score
from attrai_estimator.steps.sheet import TILE


def warm_up(networks: Networks) -> None:
    """Run each network on black for each number of crops that it is given at once."""
    detector, scorer, embedder = networks.detector, networks.scorer, networks.embedder
    asked = [
        (detector.proposal, TILE, detect.PROPOSAL_BATCHES),
        (detector.second_proposal, TILE, detect.PROPOSAL_BATCHES),
        (detector.refinement, detect.REFINEMENT_SIDE, detect.REFINEMENT_BATCHES),
        (detector.output, detect.OUTPUT_SIDE, detect.OUTPUT_BATCHES),
        (scorer.network, scorer.template.size, score.BATCHES),
    ]
    if embedder is not None:
        asked.append((embedder.network, embedder.template.size, embed.BATCHES))
    for network, side, batches in asked:
        for count in batches:
            network(np.zeros((count, side, side, 3), np.uint8))
