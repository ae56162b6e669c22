"""From the folder of networks to callables; the edge to the weights."""

from pathlib import Path
from typing import Literal

from attrai_estimator.networks.manifest import Manifest, NetworkRecord, WrongNetworkFile, read_manifest, verified_file
from attrai_estimator.networks.network import DetectorNetworks, Network, Networks, ScoringNetwork
from attrai_estimator.networks.openvino_runtime import OpenVinoNetwork, Precision

Runtime = Literal["openvino", "torch"]

PROPOSAL, REFINEMENT, OUTPUT, SCORER = "mtcnn_proposal", "mtcnn_refinement", "mtcnn_output", "scorer"


def load_networks(models: Path, runtime: Runtime = "openvino") -> Networks:
    """Load all networks of the folder that holds `manifest.json`.

    Raises `WrongNetworkFile` when a file is missing or is not the one whose checksum the manifest records.
    """
    manifest = read_manifest(models)
    return Networks(detector=load_detector(models, runtime), scorer=_scorer(models, manifest, runtime))


def load_detector(models: Path, runtime: Runtime = "openvino") -> DetectorNetworks:
    """Load MTCNN alone; raises `WrongNetworkFile`."""
    manifest = read_manifest(models)
    records = [manifest.record(name) for name in (PROPOSAL, REFINEMENT, OUTPUT)]
    proposal, refinement, output = (_load(models, record, runtime, "f32") for record in records)
    return DetectorNetworks(proposal, refinement, output, records[0].normalization)


def _scorer(models: Path, manifest: Manifest, runtime: Runtime) -> ScoringNetwork:
    record = manifest.record(SCORER)
    if record.template is None:
        raise WrongNetworkFile("the manifest gives the scorer no alignment template")
    return ScoringNetwork(_load(models, record, runtime, "f32"), record.template, record.normalization)


def _load(models: Path, record: NetworkRecord, runtime: Runtime, precision: Precision) -> Network:
    file = verified_file(models, record)
    if runtime == "torch":
        from attrai_estimator.networks.torch_runtime import TorchNetwork  # noqa: PLC0415 - an extra

        return TorchNetwork(file)
    return OpenVinoNetwork(file, precision)
