"""Networks on OpenVINO, on one thread: the runtime of a replica."""

from pathlib import Path
from typing import Literal

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

from attrai_estimator.networks.network import Floats, Normalization
from attrai_estimator.networks.processor import multiplies_bfloat16

Precision = Literal["native", "f32", "bf16"]
"""Of the arithmetic. `native`: bfloat16 where the processor multiplies it itself, which takes half the time or less; see decision 0025."""


class OpenVinoNetwork:
    """An ONNX file compiled for this CPU, with the normalization of its pixels before it.

    With `fixed` it is compiled for each shape that it is given, at the first such call: a twentieth quicker, and it costs
    nothing to go from one shape to another, but each has the weights in memory. For small networks.
    """

    def __init__(
        self, file: Path, normalization: Normalization, precision: Precision = "native", *, fixed: bool = False
    ) -> None:
        if precision == "native":
            precision = "bf16" if multiplies_bfloat16() else "f32"
        self._properties = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,  # or each replica of a machine computes on its first core
        }
        self._core = openvino.Core()
        self._model = _with_normalization(self._core.read_model(file), normalization)
        self._any_shape = None if fixed else self._compiled(self._model)
        self._by_shape: dict[tuple[int, ...], openvino.InferRequest] = {}

    def __call__(self, pixels: NDArray[np.uint8], /) -> tuple[Floats, ...]:
        """Run the pixels; the arrays returned are the caller's own."""
        tensor = openvino.Tensor(np.ascontiguousarray(pixels), shared_memory=True)
        request = self._any_shape or self._for_shape(pixels.shape)
        results = request.infer(tensor, share_inputs=True, share_outputs=True)
        return tuple(np.array(array, dtype=np.float32) for array in results.to_tuple())

    def _for_shape(self, shape: tuple[int, ...]) -> openvino.InferRequest:
        if shape not in self._by_shape:
            self._model.reshape(list(shape))
            self._by_shape[shape] = self._compiled(self._model)
        return self._by_shape[shape]

    def _compiled(self, model: openvino.Model) -> openvino.InferRequest:
        return self._core.compile_model(model, "CPU", self._properties).create_infer_request()


def _with_normalization(model: openvino.Model, normalization: Normalization) -> openvino.Model:
    steps = PrePostProcessor(model)
    pixels = steps.input()
    pixels.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.model().set_layout(openvino.Layout("NCHW"))
    pixels.preprocess().convert_element_type(openvino.Type.f32)
    pixels.preprocess().mean(list(normalization.mean)).scale(list(normalization.std))
    return steps.build()
