"""Networks on OpenVINO, on one thread: the runtime of a replica."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from attrai_estimator.networks.int8 import in_int8, takes_whole_pixels
from attrai_estimator.networks.manifest import WrongNetworkFile
from attrai_estimator.networks.network import Floats, Normalization
from attrai_estimator.networks.processor import multiplies_bfloat16, multiplies_int8

Precision = Literal["native", "f32", "bf16"]
"""Of the arithmetic. `native`: what the processor multiplies itself, int8 and bfloat16 before float32, each of which takes half the
time of the next; see decisions 0025 and 0027."""


LARGE = 4 << 20
"""Bytes of a file from which a network that computes in float32 is compiled once, for any number of pictures; see decision 0028."""


class OpenVinoNetwork:
    """An ONNX file for this CPU, with the normalization of its pixels before it; `highest`: see `in_int8`.

    It is compiled for each shape that it is given, at the first such call: a tenth to a quarter quicker than for any, and it costs
    nothing to go from one shape to another, but each has the weights in memory. So give it few. A `LARGE` one in float32 has them once.
    Raises `WrongNetworkFile`, at such a call too, when the file has changed or `highest` is of another network.
    """

    def __init__(
        self,
        file: Path,
        normalization: Normalization,
        precision: Precision = "native",
        highest: Mapping[str, float] | None = None,
    ) -> None:
        self._file, self._normalization, self._highest = file, normalization, highest or {}
        data = file.read_bytes()
        self._digest = hashlib.sha256(data).digest()
        self._int8 = precision == "native" and multiplies_int8()
        if precision == "native":
            precision = "bf16" if multiplies_bfloat16() else "f32"
        in_f32 = precision == "f32" and not (self._int8 and bool(self._highest))
        self._for_any_count = in_f32 and len(data) >= LARGE
        self._properties = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,  # or each replica of a machine computes on its first core
        }
        self._core = openvino.Core()
        self._by_shape: dict[tuple[int, ...], openvino.InferRequest] = {}
        """By what it is compiled for: -1 is any number."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> tuple[Floats, ...]:
        """Run the pixels; the arrays returned are the caller's own."""
        tensor = openvino.Tensor(np.ascontiguousarray(pixels), shared_memory=True)
        results = self._for_shape(pixels.shape).infer(tensor, share_inputs=True, share_outputs=True)
        return tuple(np.array(array, dtype=np.float32) for array in results.to_tuple())

    def _for_shape(self, shape: tuple[int, ...]) -> openvino.InferRequest:
        compiled = (-1, *shape[1:]) if self._for_any_count else shape
        if compiled not in self._by_shape:
            model = self._read()
            model.reshape(list(compiled))
            self._by_shape[compiled] = self._core.compile_model(model, "CPU", self._properties).create_infer_request()
        return self._by_shape[compiled]

    def _read(self) -> openvino.Model:
        """The network as it is before it is compiled; not kept, as what is compiled has the weights, too."""
        file = self._file.read_bytes()
        if hashlib.sha256(file).digest() != self._digest:
            raise WrongNetworkFile(f"{self._file} has changed since it was loaded")
        model = self._core.read_model(file)
        if not (self._int8 and takes_whole_pixels(model)):
            return _with_normalization(model, self._normalization)
        try:
            return in_int8(model, self._normalization, self._highest)
        except ValueError as error:
            raise WrongNetworkFile(f"{self._file} is not what its record says: {error}") from error


def _with_normalization(model: openvino.Model, normalization: Normalization) -> openvino.Model:
    steps = PrePostProcessor(model)
    pixels = steps.input()
    pixels.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.model().set_layout(openvino.Layout("NCHW"))
    pixels.preprocess().convert_element_type(openvino.Type.f32)
    pixels.preprocess().mean(list(normalization.mean)).scale(list(normalization.std))
    return steps.build()
