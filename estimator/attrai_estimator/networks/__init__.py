"""The networks that the steps call: their manifest, the two runtimes and the one function that loads them."""

from attrai_estimator.networks.load import load_networks
from attrai_estimator.networks.network import DetectorNetworks, EmbeddingNetwork, Network, Networks, ScoringNetwork
from attrai_estimator.networks.template import Template

__all__ = ["DetectorNetworks", "EmbeddingNetwork", "Network", "Networks", "ScoringNetwork", "Template", "load_networks"]
