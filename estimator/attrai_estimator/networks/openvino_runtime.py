"""The runtime of a replica: OpenVINO on one thread."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from attrai_estimator.networks.int8 import accepts_raw_pixels, to_int8
from attrai_estimator.networks.manifest import WrongNetworkFile
from attrai_estimator.networks.network import Floats, Normalization
from attrai_estimator.networks.processor import multiplies_bfloat16, multiplies_int8

Precision = Literal["native", "f32", "bf16"]
"""`native` is the fastest arithmetic of the processor: int8, bfloat16 or float32. Each takes half the time of the next."""

DYNAMIC_BATCH_BYTES = 4 << 20
"""A float32 network with a larger file is compiled once for any batch size. Its weights are then in memory once."""


class OpenVinoNetwork:
    """An ONNX file compiled for this CPU, normalization included. `highest`: see `to_int8`.

    The first call with a new shape compiles the network for it. That is a tenth to a quarter faster than a dynamic shape,
    but each shape holds the weights in memory: use few. A call raises `WrongNetworkFile` if the file has changed or
    `highest` belongs to another network.
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
        self._for_any_count = in_f32 and len(data) >= DYNAMIC_BATCH_BYTES
        self._properties = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,  # with pinning all replicas of a machine share its first core
        }
        self._core = openvino.Core()
        self._by_shape: dict[tuple[int, ...], openvino.InferRequest] = {}
        """By compiled shape; -1 is any batch size."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> tuple[Floats, ...]:
        """Run the network. The returned arrays are copies."""
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
        """Read the network for compilation. It is not kept: the compiled network has the weights too."""
        file = self._file.read_bytes()
        if hashlib.sha256(file).digest() != self._digest:
            raise WrongNetworkFile(f"{self._file} has changed since it was loaded")
        model = self._core.read_model(file)
        if not (self._int8 and accepts_raw_pixels(model)):
            return _with_normalization(model, self._normalization)
        try:
            return to_int8(model, self._normalization, self._highest)
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
