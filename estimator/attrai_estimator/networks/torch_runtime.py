"""The same ONNX files on PyTorch, node by node (the `torch` extra): the reference for OpenVINO, and the way to a GPU.

onnxruntime would be a third runtime to install and needs CUDA builds of its own for a GPU.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor
from torch.nn import functional

from attrai_estimator.networks.network import Floats, Normalization

Array = NDArray[np.generic]
Attribute = int | float | list[int]
Attributes = Mapping[str, Attribute]
Operator = Callable[[list[Tensor], Attributes], Tensor]
Device = Literal["cpu", "cuda"]


class TorchNetwork:
    """An ONNX file evaluated by PyTorch in float32. It supports the operators of Attrai's networks."""

    def __init__(self, file: Path, normalization: Normalization, device: Device = "cpu") -> None:
        self._normalization = normalization
        model = onnx.load(file)
        constants = _constants(model)
        left = [node for node in model.graph.node if node.output[0] not in constants]
        self._device = device
        self._nodes = [(node, _operator(node), _attributes(node)) for node in left]
        self._constants = {name: torch.from_numpy(value.copy()).to(device) for name, value in constants.items()}
        self._input = model.graph.input[0].name
        self._outputs = [output.name for output in model.graph.output]

    def __call__(self, pixels: NDArray[np.uint8], /) -> tuple[Floats, ...]:
        """Normalize the pixels and run them."""
        batch = self._normalization(pixels)
        values = {**self._constants, self._input: torch.from_numpy(batch).to(self._device)}
        with torch.inference_mode():
            for node, operator, attributes in self._nodes:
                values[node.output[0]] = operator([values[name] for name in node.input if name], attributes)
        return tuple(values[name].cpu().numpy() for name in self._outputs)


def _constants(model: ModelProto) -> dict[str, Array]:
    """The weights and all nodes that depend on them alone, computed once."""
    known: dict[str, Array] = {weights.name: numpy_helper.to_array(weights) for weights in model.graph.initializer}
    for node in model.graph.node:
        names = [name for name in node.input if name]
        if all(name in known for name in names):
            inputs = {name: known[name] for name in names}
            known.update(zip(node.output, ReferenceEvaluator(node).run(None, inputs), strict=True))
    return known


def _attributes(node: NodeProto) -> dict[str, Attribute]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _operator(node: NodeProto) -> Operator:
    if node.op_type not in OPERATORS:
        raise ValueError(f"operator {node.op_type} is not supported")
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


def _normalize(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    gain, shift, mean, variance = inputs[1:]
    epsilon = attributes.get("epsilon", 1e-5)
    if isinstance(epsilon, list):
        raise TypeError("epsilon is not a number")
    return functional.batch_norm(inputs[0], mean, variance, gain, shift, eps=epsilon)


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


def _pad(inputs: list[Tensor], _: Attributes) -> Tensor:
    before, after = inputs[1].view(2, -1).tolist()
    return functional.pad(inputs[0], [size for pair in zip(before[::-1], after[::-1], strict=True) for size in pair])


def _mean(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].mean(dim=_integers(attributes, "axes"), keepdim=attributes["keepdims"] == 1)


def _transpose(inputs: list[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].permute(_integers(attributes, "perm")).contiguous()


OPERATORS: Mapping[str, Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _normalize,
    "Cast": _cast,
    "Concat": _concatenate,
    "Conv": _convolve,
    "Flatten": lambda inputs, _: inputs[0].flatten(1),
    "Gather": lambda inputs, attributes: inputs[0].select(_integer(attributes, "axis"), int(inputs[1])),
    "Gemm": lambda inputs, _: functional.linear(inputs[0], inputs[1], inputs[2]),
    "GlobalAveragePool": lambda inputs, _: inputs[0].mean(dim=(2, 3), keepdim=True),
    "Identity": lambda inputs, _: inputs[0],
    "MatMul": lambda inputs, _: inputs[0] @ inputs[1],
    "MaxPool": _max_pool,
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "PRelu": lambda inputs, _: torch.where(inputs[0] >= 0, inputs[0], inputs[0] * inputs[1]),
    "Pad": _pad,
    "ReduceMean": _mean,
    "Relu": lambda inputs, _: inputs[0].relu(),
    "Reshape": lambda inputs, _: inputs[0].reshape(inputs[1].tolist()),
    "Shape": lambda inputs, _: torch.tensor(inputs[0].shape),
    "Softmax": lambda inputs, attributes: inputs[0].softmax(_integer(attributes, "axis")),
    "Transpose": _transpose,
    "Unsqueeze": lambda inputs, _: inputs[0].unsqueeze(int(inputs[1])),
}
