"""Networks on OpenVINO, on one thread: the runtime of a replica."""

from pathlib import Path
from typing import Literal

import numpy as np
import openvino

from attrai_estimator.networks.network import Floats

Precision = Literal["f32", "bf16"]


class OpenVinoNetwork:
    """An ONNX file compiled for this CPU."""

    def __init__(self, file: Path, precision: Precision) -> None:
        core = openvino.Core()
        properties = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
        self._request = core.compile_model(file, "CPU", properties).create_infer_request()

    def __call__(self, batch: Floats, /) -> tuple[Floats, ...]:
        """Run the batch; the arrays returned are the caller's own."""
        results = self._request.infer([batch], share_inputs=True)
        return tuple(np.array(array, dtype=np.float32) for array in results.to_tuple())
