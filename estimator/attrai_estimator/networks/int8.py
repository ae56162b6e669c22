"""Convolutions in int8, which processors with VNNI multiply twice as fast as bfloat16; see docs/decisions.

OpenVINO computes a convolution in int8 if its input and its weights both pass a `FakeQuantize` operation.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import Node, opset13

from attrai_estimator.networks.network import Normalization

MAX_INPUT, MAX_WEIGHT = 255, 127
"""Largest quantized values: inputs are unsigned, weights symmetric around zero."""


def accepts_raw_pixels(model: openvino.Model) -> bool:
    """Whether the first convolution can take raw pixels: nothing precedes it and nothing pads it.

    Padding stands for the mean before normalization is folded in, and for black after.
    """
    first = next(_convolutions(model), None)
    if first is None or first.input_value(0).get_node().get_type_name() != "Parameter":
        return False
    attributes, alone = first.get_attributes(), len(model.input().get_target_inputs()) == 1
    padded = any([*attributes["pads_begin"], *attributes["pads_end"]]) or attributes["auto_pad"].startswith("same")
    return alone and not padded


def to_int8(model: openvino.Model, normalization: Normalization, highest: Mapping[str, float]) -> openvino.Model:
    """A model for 8-bit pixels (n, height, width, 3) whose first convolution and those in `highest` are in int8.

    `highest`: the largest input of each convolution, by the name of its weights; the smallest is 0. The given model
    must not be used afterwards. Raises `ValueError` if it has no such weights or does not accept raw pixels.
    """
    if not accepts_raw_pixels(model):
        raise ValueError("the network's first convolution is padded, or not what takes its input")
    first, *others = _convolutions(model)
    by_weights = {node.input_value(1).get_node().get_friendly_name(): node for node in others}
    unknown = highest.keys() - by_weights.keys()
    if unknown:
        raise ValueError(f"the network has no convolution with weights named {min(unknown)}")
    for name, value in highest.items():
        _quantize(by_weights[name], value)
    pixels = _pixels(model)
    planes = opset13.convert(opset13.transpose(pixels, np.array([0, 3, 1, 2])), "f32")
    _normalize(first, planes, normalization)
    _quantize(first, MAX_INPUT)
    return openvino.Model(model.get_results(), [pixels], model.get_friendly_name())


def _convolutions(model: openvino.Model) -> Iterator[Node]:
    """All convolutions in execution order."""
    return (node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution")


def _pixels(model: openvino.Model) -> Node:
    batch, channels, height, width = model.input().get_partial_shape()
    return opset13.parameter(openvino.PartialShape([batch, height, width, channels]), np.uint8, "pixels")


def _normalize(first: Node, planes: Node, normalization: Normalization) -> None:
    """Fold the normalization into the convolution: the deviation into its weights, the mean into a bias after it.

    The bias uses the quantized weights, so that their rounding affects only a pixel's distance from the mean.
    """
    mean, std = (np.reshape(values, (1, -1, 1, 1)) for values in (normalization.mean, normalization.std))
    weights = _weights(first) / std
    added = -(_rounded(weights) * mean).sum(axis=(1, 2, 3))
    taken = list(first.output(0).get_target_inputs())
    shifted = opset13.add(first, _constant(added.reshape(1, -1, 1, 1)))
    for target in taken:
        target.replace_source_output(shifted.output(0))
    first.input(0).replace_source_output(planes.output(0))
    first.input(1).replace_source_output(_constant(weights).output(0))


def _quantize(convolution: Node, highest: float) -> None:
    levels = MAX_INPUT + 1
    taken = _within(convolution.input_value(0), np.zeros(1), np.array([highest]), levels)
    weights = _weights(convolution)
    largest = _largest(weights)
    kept = _within(_constant(weights).output(0), -largest, largest, 2 * MAX_WEIGHT + 1)
    convolution.input(0).replace_source_output(taken.output(0))
    convolution.input(1).replace_source_output(kept.output(0))


def _within(values: openvino.Output, low: NDArray[np.float64], high: NDArray[np.float64], levels: int) -> Node:
    bounds = [_constant(low), _constant(high)]
    return opset13.fake_quantize(values, *bounds, *bounds, levels)


def _weights(convolution: Node) -> NDArray[np.float64]:
    node = convolution.input_value(1).get_node()
    if node.get_type_name() == "Convert":  # weights are stored in half precision
        node = node.input_value(0).get_node()
    weights: NDArray[np.float64] = node.get_data().astype(np.float64)
    return weights


def _largest(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest absolute weight of each output channel, shape (outputs, 1, 1, 1)."""
    largest: NDArray[np.float64] = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    return largest.clip(min=1e-12)  # for all-zero weights


def _rounded(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    step = _largest(weights) / MAX_WEIGHT
    rounded: NDArray[np.float64] = np.rint(weights / step) * step
    return rounded


def _constant(values: NDArray[np.float64]) -> Node:
    return opset13.constant(values.astype(np.float32))
