"""The same ONNX files on PyTorch, node by node: a reference for OpenVINO and the way to a GPU (the `torch` extra)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from attrai_estimator.networks.network import Floats

Attribute = int | float | list[int]
Attributes = Mapping[str, Attribute]
Operator = Callable[[list[Tensor], Attributes], Tensor]
Device = Literal["cpu", "cuda"]


class TorchNetwork:
    """An ONNX file evaluated by PyTorch in float32; knows the operators that Attrai's networks use."""

    def __init__(self, file: Path, device: Device = "cpu") -> None:
        model = onnx.load(file)
        self._device = device
        self._nodes = [(node, _operator(node), _attributes(node)) for node in model.graph.node]
        self._constants = {name: value.to(device) for name, value in _constants(model).items()}
        self._input = model.graph.input[0].name
        self._outputs = [output.name for output in model.graph.output]

    def __call__(self, batch: Floats, /) -> tuple[Floats, ...]:
        """Run the batch."""
        values = {**self._constants, self._input: torch.from_numpy(batch).to(self._device)}
        with torch.inference_mode():
            for node, operator, attributes in self._nodes:
                values[node.output[0]] = operator([values[name] for name in node.input], attributes)
        return tuple(values[name].cpu().numpy() for name in self._outputs)


def _constants(model: ModelProto) -> dict[str, Tensor]:
    return {
        weights.name: torch.from_numpy(numpy_helper.to_array(weights).copy()) for weights in model.graph.initializer
    }


def _attributes(node: NodeProto) -> dict[str, Attribute]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _operator(node: NodeProto) -> Operator:
    if node.op_type == "Constant":
        value = torch.from_numpy(numpy_helper.to_array(node.attribute[0].t).copy())
        return lambda _inputs, _attributes: value
    if node.op_type not in OPERATORS:
        raise ValueError(f"operator {node.op_type} is not known here")
    return OPERATORS[node.op_type]


def _integers(attributes: Attributes, name: str) -> list[int]:
    value = attributes[name]
    if not isinstance(value, list):
        raise TypeError(f"{name} is not a list of integers")
    return value


def _convolve(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    padding = _integers(attributes, "pads")[:2]
    bias = inputs[2] if len(inputs) > 2 else None  # noqa: PLR2004 - the third input is optional
    return functional.conv2d(inputs[0], inputs[1], bias, _integers(attributes, "strides"), padding)


def _max_pool(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    kernel, strides, pads = (_integers(attributes, name) for name in ("kernel_shape", "strides", "pads"))
    return functional.max_pool2d(inputs[0], kernel, strides, pads[:2], ceil_mode=attributes["ceil_mode"] == 1)


def _average_pool(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return functional.avg_pool2d(inputs[0], _integers(attributes, "kernel_shape"), _integers(attributes, "strides"))


def _concatenate(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return torch.cat(inputs, dim=_integer(attributes, "axis"))


def _integer(attributes: Attributes, name: str) -> int:
    value = attributes[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not an integer")
    return value


def _cast(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    kind = helper.tensor_dtype_to_np_dtype(_integer(attributes, "to"))
    return inputs[0].to(torch.from_numpy(np.empty(0, kind)).dtype)


def _transpose(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].permute(_integers(attributes, "perm")).contiguous()


OPERATORS: Mapping[str, Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "AveragePool": _average_pool,
    "Cast": _cast,
    "Concat": _concatenate,
    "Conv": _convolve,
    "Flatten": lambda inputs, _: inputs[0].flatten(1),
    "Gather": lambda inputs, attributes: inputs[0].select(_integer(attributes, "axis"), int(inputs[1])),
    "Gemm": lambda inputs, _: functional.linear(inputs[0], inputs[1], inputs[2]),
    "GlobalAveragePool": lambda inputs, _: inputs[0].mean(dim=(2, 3), keepdim=True),
    "Identity": lambda inputs, _: inputs[0],
    "MaxPool": _max_pool,
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "PRelu": lambda inputs, _: torch.where(inputs[0] >= 0, inputs[0], inputs[0] * inputs[1]),
    "Relu": lambda inputs, _: inputs[0].relu(),
    "Reshape": lambda inputs, _: inputs[0].reshape(inputs[1].tolist()),
    "Shape": lambda inputs, _: torch.tensor(inputs[0].shape),
    "Softmax": lambda inputs, attributes: inputs[0].softmax(_integer(attributes, "axis")),
    "Transpose": _transpose,
    "Unsqueeze": lambda inputs, _: inputs[0].unsqueeze(int(inputs[1])),
}
