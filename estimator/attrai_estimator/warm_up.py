"""Runs every network once at each of its batch sizes before the first photo: that is when it is compiled."""

import numpy as np

from attrai_estimator.networks import Networks
from attrai_estimator.steps import detect, embed, score
from attrai_estimator.steps.atlas import TILE


def warm_up(networks: Networks) -> None:
    """Run each network on black pixels, at each of its batch sizes."""
    detector, scorer, embedder = networks.detector, networks.scorer, networks.embedder
    runs = [
        (detector.proposal, TILE, detect.PROPOSAL_BATCHES),
        (detector.second_proposal, TILE, detect.PROPOSAL_BATCHES),
        (detector.refinement, detect.REFINEMENT_SIDE, detect.REFINEMENT_BATCHES),
        (detector.output, detect.OUTPUT_SIDE, detect.OUTPUT_BATCHES),
        (scorer.network, scorer.template.size, score.BATCHES),
    ]
    if embedder is not None:
        runs.append((embedder.network, embedder.template.size, embed.BATCHES))
    for network, side, batches in runs:
        for count in batches:
            network(np.zeros((count, side, side, 3), np.uint8))
