"""The edge to the weights: from the folder of networks to callables."""

from pathlib import Path
from typing import Literal

from attrai_estimator.networks.manifest import NetworkRecord, WrongNetworkFile, read_manifest, verified_file
from attrai_estimator.networks.network import (
    DetectorNetworks,
    EmbeddingNetwork,
    Network,
    Networks,
    ScoringNetwork,
    Template,
)
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork, Precision

Runtime = Literal["openvino", "torch"]

PROPOSAL, REFINEMENT, OUTPUT = "mtcnn_proposal", "mtcnn_refinement", "mtcnn_output"
SECOND_PROPOSAL = "mtcnn_second_proposal"
SCORER, EMBEDDER = "scorer", "embedder"


def load_networks(
    models: Path,
    runtime: Runtime = "openvino",
    *,
    scorer: str = SCORER,
    embed: bool = False,
    precision: Precision = "native",
) -> Networks:
    """Load the networks of the folder that holds `manifest.json`: the scorer of that name, the embedder on demand.

    Raises `WrongNetworkFile` when a file is missing or is not the one whose checksum the manifest records.
    """
    return Networks(
        detector=load_detector(models, runtime, precision),
        scorer=ScoringNetwork(*_aligned(models, scorer, runtime, precision)),
        embedder=load_embedder(models, runtime, precision) if embed else None,
    )


def load_detector(models: Path, runtime: Runtime = "openvino", precision: Precision = "native") -> DetectorNetworks:
    """Load only the detection networks. Raises `WrongNetworkFile`."""
    manifest = read_manifest(models)
    names = (PROPOSAL, REFINEMENT, OUTPUT, SECOND_PROPOSAL)
    return DetectorNetworks(*(_load(models, manifest.record(name), runtime, precision) for name in names))


def load_embedder(models: Path, runtime: Runtime = "openvino", precision: Precision = "native") -> EmbeddingNetwork:
    """Load only the embedder. Raises `WrongNetworkFile`."""
    return EmbeddingNetwork(*_aligned(models, EMBEDDER, runtime, precision))


def _aligned(models: Path, name: str, runtime: Runtime, precision: Precision) -> tuple[Network, Template]:
    """Load a network that takes aligned crops."""
    record = read_manifest(models).record(name)
    if record.template is None:
        raise WrongNetworkFile(f"the manifest gives the {name} no alignment template")
    return _load(models, record, runtime, precision), record.template


def _load(models: Path, record: NetworkRecord, runtime: Runtime, precision: Precision) -> Network:
    file = verified_file(models, record)
    if runtime == "torch":
        from attrai_estimator.networks.torch_runtime import TorchNetwork  # noqa: PLC0415 - an extra

        return TorchNetwork(file, record.normalization)
    return OpenVinoNetwork(file, record.normalization, precision, record.highest)
