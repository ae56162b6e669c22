"""Which kernel computes a network's first convolution, where OpenVINO's own choice is slow; see decision 0029."""

from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import openvino

DIRECT_AVX2 = "cpu:jit_avx2"
"""oneDNN's direct convolution. Its successor, which OpenVINO prefers, multiplies small matrices: with three channels they are too small
to pay."""


def first_convolution_by(kernel: str, model: openvino.Model, core: openvino.Core) -> openvino.Model:
    """The model, its first convolution computed by that kernel where it can.

    The wish is a runtime attribute of one operation, which can be set in a model's file alone: it is written and read again.
    Raises OSError or RuntimeError where no file can be written. A name that OpenVINO does not know fails when the model is compiled.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder, "model.xml")
        weights = file.with_suffix(".bin")
        openvino.serialize(model, file, weights)
        described = ET.parse(file).getroot()  # noqa: S314 - written by OpenVINO just now
        for layer in described.findall("layers/layer[@type='Convolution']")[:1]:  # in the order of computing
            _wish(kernel, layer)
        return core.read_model(ET.tostring(described), weights.read_bytes())


def _wish(kernel: str, layer: ET.Element) -> None:
    attributes = layer.find("rt_info")
    if attributes is None:
        attributes = ET.Element("rt_info")
        layer.insert(1, attributes)  # behind its data
    ET.SubElement(attributes, "attribute", {"name": "primitives_priority", "version": "0", "value": kernel})
