"""Compares the networks' speed on one photo with the core's peak. It runs as a separate process.

The graphs and the pipeline's input shapes give multiply-adds and bytes. Matrix products give the peak.
Arguments: the precision and the photo. Prints a line of JSON for each network.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from statistics import median
from time import process_time

from attrai_estimator.process import use_one_thread

use_one_thread()

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from attrai_estimator.networks import Networks, load_networks  # noqa: E402
from attrai_estimator.networks.int8 import MAX_WEIGHT  # noqa: E402
from attrai_estimator.networks.load import EMBEDDER, OUTPUT, PROPOSAL, REFINEMENT, SCORER  # noqa: E402
from attrai_estimator.networks.manifest import read_manifest, verified_file  # noqa: E402
from attrai_estimator.networks.network import DetectorNetworks, Floats, Network  # noqa: E402
from attrai_estimator.networks.openvino_runtime import Precision  # noqa: E402
from attrai_estimator.networks.processor import multiplies_bfloat16, multiplies_int8  # noqa: E402
from attrai_estimator.pipeline import estimate  # noqa: E402
from attrai_estimator.settings import WORKSPACE_MODELS  # noqa: E402
from attrai_estimator.values import Pixels  # noqa: E402
from onnx import shape_inference  # noqa: E402

MATRIX_SIDE, REPEATS = 1536, 9
PRECISIONS = ("int8", "bf16", "f32")
PRODUCTS = ("Conv", "Gemm", "MatMul")


@dataclass
class RecordingNetwork:
    """A network that records the input shape and the CPU seconds of each call."""

    name: str
    network: Network
    calls: list[tuple[tuple[int, ...], float]] = field(default_factory=list)

    def __call__(self, pixels: Pixels, /) -> tuple[Floats, ...]:
        start = process_time()
        outputs = self.network(pixels)
        self.calls.append((pixels.shape, process_time() - start))
        return outputs


@lru_cache
def multiply_adds(file: Path, batch: int, height: int, width: int) -> tuple[int, int]:
    """Multiply-adds of convolutions and matrix products, and the bytes they use in float32.

    The bytes cover inputs, weights and outputs.
    """
    model = onnx.load(file)
    for dimension, value in zip(
        model.graph.input[0].type.tensor_type.shape.dim, (batch, 3, height, width), strict=True
    ):
        dimension.dim_value = value
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    values = [*graph.value_info, *graph.output, *graph.input]
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in values}
    shapes |= {weights.name: list(weights.dims) for weights in graph.initializer}
    work = traffic = 0
    for node in (node for node in graph.node if node.op_type in PRODUCTS):
        source, weights, result = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
        work += int(np.prod(result)) * (weights[0] if node.op_type == "MatMul" else int(np.prod(weights[1:])))
        traffic += 4 * int(sum(np.prod(shape) for shape in (source, weights, result)))
    return work, traffic


def peak(dtype: torch.dtype) -> float:
    """Multiply-adds per second of a large matrix product. OpenBLAS computes float32; oneDNN bfloat16 and int8."""
    if dtype == torch.int8:
        left, right = (
            torch.randint(-MAX_WEIGHT, MAX_WEIGHT, (MATRIX_SIDE, MATRIX_SIDE), dtype=dtype) for _ in range(2)
        )
        return MATRIX_SIDE**3 / _median_seconds(lambda: torch._int_mm(left, right))  # torch has no public function
    a, b = (np.random.default_rng(seed).random((MATRIX_SIDE, MATRIX_SIDE), dtype=np.float32) for seed in (1, 2))
    if dtype == torch.float32:
        return MATRIX_SIDE**3 / _median_seconds(lambda: a @ b)
    left, right = torch.from_numpy(a).to(dtype), torch.from_numpy(b).to(dtype)
    return MATRIX_SIDE**3 / _median_seconds(lambda: left @ right)


def _median_seconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = process_time()
        call()
        times.append(process_time() - start)
    return median(times[1:])


def record_calls(networks: Networks) -> tuple[Networks, list[RecordingNetwork]]:
    """Wrap each network so that it records its calls. Raises ValueError without an embedder."""
    if networks.embedder is None:
        raise ValueError("the floor is of all networks")
    detector = networks.detector
    proposal, refinement, output = (
        RecordingNetwork(name, network)
        for name, network in (
            (PROPOSAL, detector.proposal),
            (REFINEMENT, detector.refinement),
            (OUTPUT, detector.output),
        )
    )
    scorer = RecordingNetwork(SCORER, networks.scorer.network)
    embedder = RecordingNetwork(EMBEDDER, networks.embedder.network)
    same = Networks(
        DetectorNetworks(proposal, refinement, output, detector.second_proposal),
        replace(networks.scorer, network=scorer),
        replace(networks.embedder, network=embedder),
    )
    return same, [proposal, refinement, output, scorer, embedder]


def lines(networks: Networks, photo: bytes, peaks: dict[str, float]) -> Iterator[dict[str, object]]:
    """Yield each network's calls, multiply-adds, bytes, and seconds, both at the peak and as measured.

    The peak belongs to the precision of most of the network's work.
    """
    same, counters = record_calls(networks)
    rounds: dict[str, list[float]] = {one.name: [] for one in counters}
    for _ in range(REPEATS):
        for one in counters:
            one.calls.clear()
        estimate(photo, same)
        for one in counters:
            rounds[one.name].append(sum(seconds for _, seconds in one.calls))
    manifest = read_manifest(WORKSPACE_MODELS)
    for one in counters:
        record = manifest.record(one.name)
        file = verified_file(WORKSPACE_MODELS, record)
        precision = next(name for name in PRECISIONS if name in peaks and (name != "int8" or record.highest))
        amounts = [multiply_adds(file, *shape[:3]) for shape, _ in one.calls]
        work, traffic = (sum(column) for column in zip(*amounts, strict=True))
        yield {
            "network": one.name, "precision": precision, "calls": len(one.calls), "shape": "x".join(map(str, one.calls[0][0])),
            "work": work, "bytes": traffic, "floor": work / peaks[precision], "seconds": median(rounds[one.name][1:]),
        }  # fmt: skip


def main(precision: Precision, photo: Path) -> None:
    """Print the peaks, then the networks."""
    torch.set_num_threads(1)
    peaks = {"f32": peak(torch.float32)}
    if precision == "native" and multiplies_bfloat16():
        peaks["bf16"] = peak(torch.bfloat16)
    if precision == "native" and multiplies_int8():
        peaks["int8"] = peak(torch.int8)
    networks = load_networks(WORKSPACE_MODELS, embed=True, precision=precision)
    sys.stdout.write(json.dumps({"peaks": peaks}) + "\n")
    for line in lines(networks, photo.read_bytes(), peaks):
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main("f32" if sys.argv[1] == "f32" else "native", Path(sys.argv[2]))
