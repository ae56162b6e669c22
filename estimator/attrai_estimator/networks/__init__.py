"""The networks that the steps call: the manifest, two runtimes, and the function that loads them."""

from attrai_estimator.networks.load import load_networks
from attrai_estimator.networks.network import (
    DetectorNetworks,
    EmbeddingNetwork,
    Network,
    Networks,
    ScoringNetwork,
    Template,
)

__all__ = ["DetectorNetworks", "EmbeddingNetwork", "Network", "Networks", "ScoringNetwork", "Template", "load_networks"]
